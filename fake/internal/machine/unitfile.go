package machine

import (
	"io/fs"
	"path"
	"strings"
)

// definition is a unit as its files say.
type definition struct {
	fragment string // path of the unit file
	text     string // all files' content: what tells a change
	values   map[string][]string
	masked   bool
}

// unitDirs is where unit files are looked for, first match wins.
var unitDirs = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"}

// readUnit reads a unit's files. It returns nil when there are none.
func (h *Host) readUnit(name string) *definition {
	if dev, ok := h.fstabUnit(name); ok {
		d := &definition{fragment: "/run/systemd/generator/" + name, text: dev, values: map[string][]string{"Swap.What": {dev}}}
		if l, err := h.FS.Lstat("/etc/systemd/system/" + name); err == nil && l.Target == "/dev/null" {
			d.masked = true
		}
		return d
	}
	for _, dir := range unitDirs {
		file := dir + "/" + name
		info, err := h.FS.Lstat(file)
		if err != nil {
			continue
		}
		d := &definition{fragment: file, values: map[string][]string{}}
		if info.Mode&fs.ModeSymlink != 0 {
			if info.Target == "/dev/null" {
				d.masked = true
				return d
			}
			d.fragment = info.Target
		}
		data, err := h.FS.Read(file)
		if err != nil {
			continue
		}
		if len(data) == 0 {
			d.masked = true
			return d
		}
		d.add(string(data))
		for i := len(unitDirs) - 1; i >= 0; i-- {
			for _, e := range h.FS.List(unitDirs[i] + "/" + name + ".d") {
				if strings.HasSuffix(e.Name, ".conf") {
					data, _ := h.FS.Read(unitDirs[i] + "/" + name + ".d/" + e.Name)
					d.add(string(data))
				}
			}
		}
		return d
	}
	return nil
}

func (h *Host) fstabUnit(name string) (device string, ok bool) {
	if !strings.HasSuffix(name, ".swap") {
		return "", false
	}
	for _, dev := range h.fstabSwaps() {
		if swapUnit(dev) == name {
			return dev, true
		}
	}
	return "", false
}

// add reads one file's settings: later ones are appended, an empty one clears.
func (d *definition) add(text string) {
	d.text += text + "\x00"
	section := ""
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			k, v, ok := strings.Cut(line, "=")
			if !ok {
				continue
			}
			key := section + "." + strings.TrimSpace(k)
			if v = strings.TrimSpace(v); v == "" {
				delete(d.values, key)
			} else {
				d.values[key] = append(d.values[key], v)
			}
		}
	}
}

// last is the value that counts of a setting that holds one.
func (d *definition) last(key string) string {
	if v := d.values[key]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// split cuts a command line into words as systemd does: quotes, backslashes, $VAR and ${VAR}.
func split(line string, env map[string]string) []string {
	var words []string
	var word strings.Builder
	in, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, in = c, true
		case c == '\\' && i+1 < len(line) && quote != '\'':
			i++
			word.WriteByte(line[i])
			in = true
		case quote == 0 && (c == ' ' || c == '\t'):
			if in {
				words = append(words, word.String())
				word.Reset()
				in = false
			}
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if in {
		words = append(words, word.String())
	}
	var out []string
	for _, w := range words {
		if name, ok := strings.CutPrefix(w, "$"); ok && !strings.HasPrefix(name, "{") {
			out = append(out, strings.Fields(env[name])...) // a word of its own is split
			continue
		}
		for k, v := range env {
			w = strings.ReplaceAll(w, "${"+k+"}", v)
		}
		out = append(out, w)
	}
	return out
}

// environment is what Environment= and EnvironmentFile= give.
func (h *Host) environment(d *definition) (map[string]string, error) {
	env := map[string]string{}
	set := func(assignment string) {
		if k, v, ok := strings.Cut(assignment, "="); ok {
			env[k] = v
		}
	}
	for _, line := range d.values["Service.Environment"] {
		for _, w := range split(line, nil) {
			set(w)
		}
	}
	for _, file := range d.values["Service.EnvironmentFile"] {
		optional := strings.HasPrefix(file, "-")
		data, err := h.FS.Read(strings.TrimPrefix(file, "-"))
		if err != nil {
			if optional {
				continue
			}
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSpace(line)
			if k, v, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
				env[k] = strings.Trim(v, `"'`)
			}
		}
	}
	return env, nil
}

// wanted lists the units that targets want at boot: the enabled ones.
func (h *Host) wanted() []string {
	var out []string
	for _, dir := range []string{"/etc/systemd/system", "/usr/lib/systemd/system"} {
		for _, target := range []string{"sysinit.target", "basic.target", "multi-user.target"} {
			for _, kind := range []string{"wants", "requires"} {
				for _, e := range h.FS.List(path.Join(dir, target+"."+kind)) {
					out = append(out, e.Name)
				}
			}
		}
	}
	return out
}
