package lbconfig

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// errInvalid is the text that nginx gives for a value that it cannot read.
var errInvalid = errors.New("invalid value")

// timeUnits are nginx's units of time in the order in which they may follow each other
// (https://nginx.org/en/docs/syntax.html).
var timeUnits = []struct {
	name string
	unit time.Duration
}{
	{"y", 365 * 24 * time.Hour}, {"M", 30 * 24 * time.Hour}, {"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour},
	{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond},
}

// formatTime writes d in the largest unit from hours down that holds it exactly.
func formatTime(d time.Duration) string {
	for _, u := range timeUnits[4:] {
		if d != 0 && d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return "0s"
}

// parseTime reads nginx's form of a time: numbers with units, the larger before the smaller, and
// without a unit, seconds. step is the finest that the directive takes, a second or a millisecond.
func parseTime(s string, step time.Duration) (time.Duration, error) {
	var total time.Duration
	next := 0
	for rest := s; ; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil {
			return 0, errInvalid
		}
		rest = rest[digits:]
		unit, width := time.Second, 0
		bare := rest == "" || rest[0] == ' '
		if bare {
			if next > 6 {
				return 0, errInvalid
			}
			next = 7
		} else {
			i := next
			for i < len(timeUnits) && !unitAt(rest, timeUnits[i].name) {
				i++
			}
			if i == len(timeUnits) {
				return 0, errInvalid
			}
			unit, width, next = timeUnits[i].unit, len(timeUnits[i].name), i+1
		}
		if unit < step || n > math.MaxInt64/int64(unit) || total > math.MaxInt64-time.Duration(n)*unit {
			return 0, errInvalid
		}
		total += time.Duration(n) * unit
		rest = strings.TrimLeft(rest[width:], " ")
		if rest == "" {
			return total, nil
		}
		if bare {
			return 0, errInvalid
		}
	}
}

// unitAt says whether s begins with the unit, and m is not the beginning of ms.
func unitAt(s, unit string) bool {
	return strings.HasPrefix(s, unit) && (unit != "m" || !strings.HasPrefix(s, "ms"))
}

// formatSize writes s in the largest unit that holds it exactly.
func formatSize(s Size) string {
	switch {
	case s%MiB == 0 && s != 0:
		return strconv.FormatInt(int64(s/MiB), 10) + "m"
	case s%KiB == 0 && s != 0:
		return strconv.FormatInt(int64(s/KiB), 10) + "k"
	default:
		return strconv.FormatInt(int64(s), 10)
	}
}

// parseSize reads a number of bytes, with k or m.
func parseSize(s string) (Size, error) {
	unit := Size(1)
	switch {
	case strings.HasSuffix(s, "k"), strings.HasSuffix(s, "K"):
		unit, s = KiB, s[:len(s)-1]
	case strings.HasSuffix(s, "m"), strings.HasSuffix(s, "M"):
		unit, s = MiB, s[:len(s)-1]
	}
	n, err := parseNumber(s)
	if err != nil || Size(n) > math.MaxInt64/unit {
		return 0, errInvalid
	}
	return Size(n) * unit, nil
}

// parseNumber reads decimal digits and nothing else.
func parseNumber(s string) (int, error) {
	if strings.Trim(s, "0123456789") != "" {
		return 0, errInvalid
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, errInvalid
	}
	return n, nil
}

// parseSwitch reads on or off, in any case.
func parseSwitch(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "on":
		return true, nil
	case "off":
		return false, nil
	default:
		return false, errInvalid
	}
}

func formatSwitch(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
