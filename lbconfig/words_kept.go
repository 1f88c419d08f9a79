package lbconfig

import (
	"strings"
	"time"
)

// What nginx takes for the words of simple directives that have no type here.

func isWord(words []string) bool { return len(words) == 1 && words[0] != "" }

func isFlag(words []string) bool {
	if len(words) != 1 {
		return false
	}
	_, err := parseSwitch(words[0])
	return err == nil
}

// isCount is a number above zero that a hash table can have.
func isCount(words []string) bool {
	if len(words) != 1 {
		return false
	}
	n, err := parseNumber(words[0])
	return err == nil && n >= 64 && n <= 1<<20
}

// isPriority is a nice value.
func isPriority(words []string) bool {
	if len(words) != 1 {
		return false
	}
	n, err := parseNumber(strings.TrimPrefix(words[0], "-"))
	return err == nil && n < 20
}

func isErrorLog(words []string) bool {
	return len(words) > 0 && len(words) < 3 && words[0] != "" && new(ErrorLog).parse(directive{args: words}) == nil
}

func isSize(words []string) bool {
	if len(words) != 1 {
		return false
	}
	n, err := parseSize(words[0])
	return err == nil && n > 0 && n <= 1<<30
}

func isTime(words []string) bool {
	if len(words) != 1 {
		return false
	}
	d, err := parseTime(words[0], time.Millisecond)
	return err == nil && d > 0
}

func isEnv(words []string) bool {
	return len(words) == 1 && words[0] != "" && !strings.HasPrefix(words[0], "=")
}

func isOneOf(values ...string) func([]string) bool {
	return func(words []string) bool {
		for _, v := range values {
			if len(words) == 1 && words[0] == v {
				return true
			}
		}
		return false
	}
}
