package bin

import (
	"bytes"
	"crypto/sha256"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/proc"
)

func echo(p *proc.Proc) int {
	args := p.Argv[1:]
	end := "\n"
	if len(args) > 0 && args[0] == "-n" {
		args, end = args[1:], ""
	}
	_, err := io.WriteString(p.Stdout, strings.Join(args, " ")+end)
	return code(err)
}

func code(err error) int {
	if err != nil {
		return 1
	}
	return 0
}

// printf knows %s, %d, %% and the escapes \n, \t, \\, \0NNN; the format is used again while arguments are left.
func printf(p *proc.Proc) int {
	if len(p.Argv) < 2 {
		p.Errorf("printf: missing operand\n")
		return 1
	}
	format, args := p.Argv[1], p.Argv[2:]
	var b bytes.Buffer
	for first := true; first || len(args) > 0; first = false {
		used := false
		for i := 0; i < len(format); i++ {
			c := format[i]
			switch {
			case c == '\\' && i+1 < len(format):
				i++
				switch format[i] {
				case 'n':
					b.WriteByte('\n')
				case 't':
					b.WriteByte('\t')
				case 'r':
					b.WriteByte('\r')
				case '\\':
					b.WriteByte('\\')
				case '"':
					b.WriteByte('"')
				case '0', '1', '2', '3', '4', '5', '6', '7':
					j := i
					for j < len(format) && j < i+4 && format[j] >= '0' && format[j] <= '7' {
						j++
					}
					n, _ := strconv.ParseUint(format[i:j], 8, 16) // octal digits only
					b.WriteByte(byte(n))
					i = j - 1
				default:
					return p.Unsupported("printf: escape \\%c", format[i])
				}
			case c == '%' && i+1 < len(format):
				i++
				arg := ""
				if format[i] != '%' && len(args) > 0 {
					arg, args, used = args[0], args[1:], true
				}
				switch format[i] {
				case '%':
					b.WriteByte('%')
				case 's':
					b.WriteString(arg)
				case 'd':
					n, err := strconv.Atoi(arg)
					if err != nil && arg != "" {
						p.Errorf("printf: %s: expected a numeric value\n", arg)
						return 1
					}
					b.WriteString(strconv.Itoa(n))
				default:
					return p.Unsupported("printf: %%%c", format[i])
				}
			default:
				b.WriteByte(c)
			}
		}
		if !used {
			break
		}
	}
	_, err := p.Stdout.Write(b.Bytes())
	return code(err)
}

// copyStream copies until the end of in, in pieces, while the command lives.
func copyStream(p *proc.Proc, out io.Writer, in io.Reader) error {
	buf := make([]byte, 64<<10)
	for {
		if err := p.Ctx.Err(); err != nil {
			return err
		}
		n, err := in.Read(buf)
		if n > 0 {
			if _, werr := out.Write(buf[:n]); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func cat(p *proc.Proc) int {
	_, args, ok := options(p)
	if !ok {
		return unsupported
	}
	if len(args) == 0 {
		args = []string{"-"}
	}
	rc := 0
	for _, a := range args {
		if a == "-" {
			rc = max(rc, code(copyStream(p, p.Stdout, p.Stdin)))
			continue
		}
		b, err := p.Host.FS.Read(a)
		if err != nil {
			p.Errorf("cat: %s: %s\n", a, reason(err))
			rc = 1
			continue
		}
		rc = max(rc, code(copyStream(p, p.Stdout, bytes.NewReader(b))))
	}
	return rc
}

func wc(p *proc.Proc) int {
	flags, args, ok := options(p, "-c")
	if !ok {
		return unsupported
	}
	if flags["-c"] == "" || len(args) > 0 {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	var n counter
	if err := copyStream(p, &n, p.Stdin); err != nil {
		return 1
	}
	p.Printf("%d\n", n)
	return 0
}

type counter int64

// Write is io.Writer's.
func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

func sha256sum(p *proc.Proc) int {
	_, args, ok := options(p)
	if !ok {
		return unsupported
	}
	if len(args) == 0 {
		h := sha256.New()
		if err := copyStream(p, h, p.Stdin); err != nil {
			return 1
		}
		p.Printf("%x  -\n", h.Sum(nil))
		return 0
	}
	rc := 0
	for _, a := range args {
		b, err := p.Host.FS.Read(a)
		if err != nil {
			p.Errorf("sha256sum: %s: %s\n", a, reason(err))
			rc = 1
			continue
		}
		p.Printf("%x  %s\n", sha256.Sum256(b), a)
	}
	return rc
}

// head -c N: from standard input or a file; /dev/zero is endless.
func head(p *proc.Proc) int {
	flags, args, ok := options(p, "-c=")
	if !ok {
		return unsupported
	}
	n, err := strconv.ParseInt(flags["-c"], 10, 64)
	if err != nil || len(args) > 1 {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	in := p.Stdin
	if len(args) == 1 {
		if args[0] == "/dev/zero" {
			in = zeros{}
		} else {
			b, err := p.Host.FS.Read(args[0])
			if err != nil {
				p.Errorf("head: cannot open '%s' for reading: %s\n", args[0], reason(err))
				return 1
			}
			in = bytes.NewReader(b)
		}
	}
	return code(copyStream(p, p.Stdout, io.LimitReader(in, n)))
}

// tail prints whole files, each under its name.
func tail(p *proc.Proc) int {
	flags, args, ok := options(p, "-v", "-c=")
	if !ok {
		return unsupported
	}
	if _, named := flags["-v"]; !named || flags["-c"] != "+1" {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	exit, gap := 0, ""
	for _, name := range args {
		b, err := p.Host.FS.Read(name)
		if err != nil {
			p.Errorf("tail: cannot open '%s' for reading: %s\n", name, reason(err))
			exit = 1
			continue
		}
		p.Printf("%s==> %s <==\n%s", gap, name, b)
		gap = "\n"
	}
	return exit
}

type zeros struct{}

// Read is io.Reader's.
func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func sleep(p *proc.Proc) int {
	if len(p.Argv) != 2 {
		p.Errorf("sleep: missing operand\n")
		return 1
	}
	text := p.Argv[1]
	if text == "infinity" {
		<-p.Ctx.Done()
		return proc.Killed
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		p.Errorf("sleep: invalid time interval '%s'\n", p.Argv[1])
		return 1
	}
	if err := p.Sleep(d); err != nil {
		return proc.Killed
	}
	return 0
}

// env prints the environment, or runs a program with more settings in it.
func env(table func() map[string]Command) Command {
	return func(p *proc.Proc) int {
		args := p.Argv[1:]
		if len(args) == 0 {
			return printAll(p)
		}
		q := *p
		q.Env = maps.Clone(p.Env)
		for len(args) > 0 && strings.Contains(args[0], "=") {
			k, v, _ := strings.Cut(args[0], "=")
			q.Env[k] = v
			args = args[1:]
		}
		if len(args) == 0 {
			return printAll(&q)
		}
		program, ok := Find(p.Host, args[0])
		if !ok {
			p.Errorf("env: '%s': No such file or directory\n", args[0])
			return 127
		}
		run := table()[path.Base(program)]
		if run == nil {
			return p.Unsupported("%s", strings.Join(p.Argv, " "))
		}
		q.Argv = args
		code := run(&q)
		p.Changing, p.Charged, p.Phases = q.Changing, q.Charged, q.Phases
		return code
	}
}

func printAll(p *proc.Proc) int {
	for _, k := range slices.Sorted(maps.Keys(p.Env)) {
		p.Printf("%s=%s\n", k, p.Env[k])
	}
	return 0
}

func printenv(p *proc.Proc) int {
	if len(p.Argv) == 1 {
		return printAll(p)
	}
	rc := 0
	for _, a := range p.Argv[1:] {
		if v, ok := p.Env[a]; ok {
			p.Printf("%s\n", v)
		} else {
			rc = 1
		}
	}
	return rc
}
