package nginx

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
)

// mutate returns a text in which one to three words or marks were dropped, doubled, swapped, changed
// or put elsewhere.
func mutate(text string, seed int) string {
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	tokens := split(text)
	for range 1 + random.IntN(3) {
		tokens = mutateOnce(random, tokens)
	}
	return strings.Join(tokens, "")
}

var strangers = []string{";", "{", "}", "\"", "'", "$", "\\", "#", "\n", "foo", "foo bar;\n", "listen 20099;\n", "tcp_nodelay on;\n", "proxy_timeout 5h30x;\n", "include nothere.conf;\n",
	"map $remote_addr $x { default 1; }\n", "server { listen 20098; return y; }\n", "stream {}\n", "http {}\n", "events {}\n", "1m1s", "1s1m", "10", "0", "-1", "1k", "1K", "1g", "on", "ON", "off",
	"$remote_addr", "$nope", "user root;\n", "proxy_pass u0;\n", "least_conn;\n", "ssl_preread on;\n", "deny all;\n", "resolver 127.0.0.1;\n", "1.5", "x=y", "=", "weight=0", "backup", "udp", "pcre_jit on;\n", "1500ms", "2M", "1w"}

func mutateOnce(random *rand.Rand, tokens []string) []string {
	i, k := random.IntN(len(tokens)), random.IntN(len(tokens))
	tokens = slices.Clone(tokens)
	switch random.IntN(6) {
	case 0:
		return slices.Delete(tokens, i, i+1)
	case 1:
		return slices.Insert(tokens, i, tokens[i])
	case 2:
		tokens[i], tokens[k] = tokens[k], tokens[i]
		return tokens
	case 3:
		tokens[i] = strangers[random.IntN(len(strangers))]
		return tokens
	case 4:
		return slices.Insert(tokens, i, strangers[random.IntN(len(strangers))])
	default:
		// A line goes somewhere else.
		lines := strings.SplitAfter(strings.Join(tokens, ""), "\n")
		from, to := random.IntN(len(lines)), random.IntN(len(lines))
		line := lines[from]
		if random.IntN(2) == 0 {
			lines = slices.Delete(lines, from, from+1)
		}
		return split(strings.Join(slices.Insert(lines, min(to, len(lines)), line), ""))
	}
}

// split cuts a text into words, marks, and the white space between.
func split(text string) []string {
	var out []string
	start := 0
	kind := func(c byte) int {
		switch {
		case strings.IndexByte(" \t\n", c) >= 0:
			return 1
		case strings.IndexByte(";{}\"'=:", c) >= 0:
			return 2
		default:
			return 0
		}
	}
	for i := 1; i <= len(text); i++ {
		if i == len(text) || kind(text[i]) != kind(text[i-1]) || kind(text[i]) == 2 {
			out = append(out, text[start:i])
			start = i
		}
	}
	return out
}

// shrink returns a smaller text of which still holds what holds of this one: pieces are left out,
// large ones first, until none can be.
func (j *judge) shrink(ctx context.Context, text string, still func(string) bool) string {
	budget := 400 // calls of still
	for _, cut := range []func(string) []string{lines, split} {
		pieces := cut(text)
		for size := len(pieces) / 2; size > 0; {
			shrunk := false
			for at := 0; at+size <= len(pieces) && ctx.Err() == nil && budget > 0; {
				candidate := slices.Delete(slices.Clone(pieces), at, at+size)
				budget--
				if still(strings.Join(candidate, "")) {
					pieces, shrunk = candidate, true
				} else {
					at++
				}
			}
			if !shrunk || size > len(pieces) {
				size = min(size, len(pieces)+1) / 2
			}
		}
		text = strings.Join(pieces, "")
	}
	return text
}

func lines(text string) []string { return strings.SplitAfter(text, "\n") }
