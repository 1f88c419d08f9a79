package launch

import "strings"

// Quote returns s as one word of POSIX shell text: between single quotes every byte but the
// single quote itself stands for itself (POSIX.1, Shell Command Language, 2.2.2).
// s must not contain NUL.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// QuoteAll returns the words of argv quoted and separated by blanks.
func QuoteAll(argv []string) string {
	words := make([]string, len(argv))
	for i, a := range argv {
		words[i] = Quote(a)
	}
	return strings.Join(words, " ")
}
