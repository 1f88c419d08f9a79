package ssh

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kevinburke/ssh_config"
)

// entry is what an OpenSSH client configuration says about a host, in the fields of Config.
type entry = Config

// ReadConfigFile returns what the OpenSSH client configuration at path says about host. Taken are
// HostName, Port, User, IdentityFile, IdentitiesOnly, IdentityAgent, UserKnownHostsFile,
// GlobalKnownHostsFile, HostKeyAlias, ProxyJump, ConnectTimeout, ServerAliveInterval and
// ServerAliveCountMax, from Host blocks, "Match all", "Match host", and included files (relative
// ones are looked for in ~/.ssh, five levels deep). Other Match criteria are an error, and so is
// ProxyCommand: the host would be reached another way than the file says. Everything else is
// passed over, StrictHostKeyChecking included: host keys are always checked.
func ReadConfigFile(path, host string) (Config, error) {
	return readEntry(Config{Host: host, ConfigFile: path})
}

func readEntry(cfg Config) (entry, error) {
	if cfg.ConfigFile == "" {
		return entry{}, nil
	}
	home, _ := os.UserHomeDir()
	path := expandHome(home, cfg.ConfigFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return entry{}, fmt.Errorf("configuration file: %w", err)
	}
	file, err := ssh_config.DecodeBytes(text)
	if err != nil {
		return entry{}, fmt.Errorf("%s: %w", path, err)
	}
	r := entryReader{file: file, host: cfg.Host, path: path, home: home}
	e := r.read(cfg)
	return e, errors.Join(r.errs...)
}

// entryReader collects one host's settings, and everything that is wrong with them.
type entryReader struct {
	file       *ssh_config.Config
	host       string
	path, home string
	errs       []error
}

func (r *entryReader) read(cfg Config) entry {
	e := entry{
		User:           r.get("User"),
		HostKeyAlias:   r.get("HostKeyAlias"),
		IdentitiesOnly: strings.EqualFold(r.get("IdentitiesOnly"), "yes"),
		Port:           r.number("Port"),
		ConnectTimeout: time.Duration(r.number("ConnectTimeout")) * time.Second,
		KeepaliveCount: r.number("ServerAliveCountMax"),
	}
	if v := r.get("ServerAliveInterval"); v != "" {
		// Zero is "never" there and "the default" here.
		e.KeepaliveInterval = time.Duration(r.number("ServerAliveInterval")) * time.Second
		if e.KeepaliveInterval == 0 {
			e.KeepaliveInterval = -1
		}
	}
	e.Address = r.expand("HostName", r.get("HostName"), map[byte]string{'h': r.host})
	name := first(cfg.Address, e.Address, r.host)
	tokens := map[byte]string{
		'd': r.home, 'h': name, 'n': r.host, 'p': strconv.Itoa(first(cfg.Port, e.Port, 22)),
		'r': first(cfg.User, e.User, currentUser()), 'u': currentUser(), 'k': first(cfg.HostKeyAlias, e.HostKeyAlias, name),
	}
	for _, f := range r.all("IdentityFile") {
		if f != "none" {
			e.IdentityFiles = append(e.IdentityFiles, r.expand("IdentityFile", f, tokens))
		}
	}
	for _, key := range []string{"UserKnownHostsFile", "GlobalKnownHostsFile"} {
		for _, f := range words(r.get(key)) {
			if f != "none" {
				e.KnownHostsFiles = append(e.KnownHostsFiles, r.expand(key, f, tokens))
			}
		}
	}
	if e.AgentSocket = r.expand("IdentityAgent", r.get("IdentityAgent"), tokens); e.AgentSocket == "SSH_AUTH_SOCK" {
		e.AgentSocket = os.Getenv("SSH_AUTH_SOCK")
	}
	if v := r.get("ProxyCommand"); v != "" && v != "none" {
		r.fail("ProxyCommand", "is not supported; use ProxyJump, or Config.NetDial")
	}
	if v := r.get("ProxyJump"); v != "" && v != "none" {
		e.Jumps = r.jumps(v)
	}
	return e
}

func (r *entryReader) fail(key, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s: %s for %s %s", r.path, key, r.host, fmt.Sprintf(format, args...)))
}

// get returns the first value of a keyword, without quotes.
func (r *entryReader) get(key string) string {
	v, err := r.file.Get(r.host, key)
	if err != nil {
		r.fail(key, "cannot be read: %v", err)
	}
	return unquote(v)
}

func (r *entryReader) all(key string) []string {
	values, err := r.file.GetAll(r.host, key)
	if err != nil {
		r.fail(key, "cannot be read: %v", err)
	}
	for i, v := range values {
		values[i] = unquote(v)
	}
	return values
}

// number returns a keyword's value as a number of at least 0; 0 when there is none.
func (r *entryReader) number(key string) int {
	v := r.get(key)
	if v == "" || v == "none" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		r.fail(key, "is %q, not a number", v)
		return 0
	}
	return n
}

// expand replaces %-tokens and ${NAME} as in ssh_config(5), TOKENS and ENVIRONMENT VARIABLES.
func (r *entryReader) expand(key, v string, tokens map[byte]string) string {
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == '%' && i+1 < len(v):
			i++
			t, ok := tokens[v[i]]
			switch {
			case v[i] == '%':
				b.WriteByte('%')
			case ok:
				b.WriteString(t)
			default:
				r.fail(key, "contains %%%c, which is not supported", v[i])
			}
		case strings.HasPrefix(v[i:], "${") && key != "HostName":
			name, _, ok := strings.Cut(v[i+2:], "}")
			if !ok {
				r.fail(key, "contains ${ without }")
				return ""
			}
			b.WriteString(os.Getenv(name))
			i += len(name) + 2
		default:
			b.WriteByte(v[i])
		}
	}
	return b.String()
}

// jumps parses [user@]host[:port], and the same as ssh:// URIs, separated by commas.
func (r *entryReader) jumps(v string) []Config {
	var jumps []Config
	for _, text := range strings.Split(v, ",") {
		text = strings.TrimPrefix(strings.TrimSpace(text), "ssh://")
		text = strings.TrimSuffix(text, "/")
		j := Config{Host: text}
		if at := strings.LastIndexByte(text, '@'); at >= 0 {
			j.User, j.Host = text[:at], text[at+1:]
		}
		if strings.HasPrefix(j.Host, "[") || strings.Count(j.Host, ":") == 1 {
			if host, port, err := splitAddress(j.Host); err == nil {
				j.Host, j.Port = host, port
			} else if strings.HasSuffix(j.Host, "]") {
				j.Host = strings.Trim(j.Host, "[]")
			} else {
				r.fail("ProxyJump", "contains %q: %v", text, err)
			}
		}
		if j.Host == "" {
			r.fail("ProxyJump", "contains an empty host")
			continue
		}
		jumps = append(jumps, j)
	}
	return jumps
}

func unquote(v string) string {
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' && !strings.Contains(v[1:len(v)-1], `"`) {
		return v[1 : len(v)-1]
	}
	return v
}

// words splits at blanks outside double quotes.
func words(v string) []string {
	var out []string
	quoted := false
	for _, f := range strings.FieldsFunc(v, func(c rune) bool {
		if c == '"' {
			quoted = !quoted
		}
		return !quoted && (c == ' ' || c == '\t')
	}) {
		out = append(out, unquote(f))
	}
	return out
}
