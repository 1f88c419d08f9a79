package bin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"syscall"

	"github.com/quorate-dev/quorate/fake/internal/proc"
	"github.com/quorate-dev/quorate/fake/internal/vfs"
)

// reason is how coreutils print an errno.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		s := errno.Error()
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return err.Error()
}

func rm(p *proc.Proc) int {
	p.Changing = true
	flags, args, ok := options(p, "-f", "-r", "-R", "--force", "--recursive")
	if !ok {
		return unsupported
	}
	force := flags["-f"]+flags["--force"] != ""
	deep := flags["-r"]+flags["-R"]+flags["--recursive"] != ""
	if len(args) == 0 && !force {
		p.Errorf("rm: missing operand\n")
		return 1
	}
	rc := 0
	for _, a := range args {
		info, err := p.Host.FS.Lstat(a)
		switch {
		case err != nil && force:
		case err != nil:
			p.Errorf("rm: cannot remove '%s': %s\n", a, reason(err))
			rc = 1
		case info.Mode.IsDir() && !deep:
			p.Errorf("rm: cannot remove '%s': Is a directory\n", a)
			rc = 1
		default:
			if err := p.Host.FS.RemoveAll(a); err != nil {
				p.Errorf("rm: cannot remove '%s': %s\n", a, reason(err))
				rc = 1
			}
		}
	}
	_ = p.Do(func() { p.Host.Changed() }) // a killed command says nothing more
	return rc
}

func mkdir(p *proc.Proc) int {
	p.Changing = true
	flags, args, ok := options(p, "-p", "-m=")
	if !ok {
		return unsupported
	}
	mode := fs.FileMode(0o755)
	if m := flags["-m"]; m != "" {
		n, err := strconv.ParseUint(m, 8, 12)
		if err != nil {
			return p.Unsupported("mkdir -m %s", m)
		}
		mode = fs.FileMode(n)
	}
	rc := 0
	for _, a := range args {
		exists := p.Host.FS.Exists(a)
		parent := p.Host.FS.Exists(path.Dir(a))
		switch {
		case exists && flags["-p"] == "":
			p.Errorf("mkdir: cannot create directory '%s': File exists\n", a)
			rc = 1
		case !parent && flags["-p"] == "":
			p.Errorf("mkdir: cannot create directory '%s': No such file or directory\n", a)
			rc = 1
		default:
			if err := p.Host.FS.MkdirAll(a, mode); err != nil {
				p.Errorf("mkdir: cannot create directory '%s': %s\n", a, reason(err))
				rc = 1
			}
		}
	}
	return rc
}

// test knows -e, -f, -d, -s, -x, -r, -w, -L, -n, -z, = and !=, and a ! before them.
func test(p *proc.Proc) int {
	args := p.Argv[1:]
	want := true
	if len(args) > 1 && args[0] == "!" {
		want, args = false, args[1:]
	}
	var is bool
	switch {
	case len(args) == 2 && strings.HasPrefix(args[0], "-"):
		info, err := p.Host.FS.Stat(args[1])
		switch args[0] {
		case "-e":
			is = err == nil
		case "-f":
			is = err == nil && info.Mode.IsRegular()
		case "-d":
			is = err == nil && info.Mode.IsDir()
		case "-s":
			is = err == nil && info.Size > 0
		case "-x":
			is = err == nil && info.Mode&0o111 != 0
		case "-r", "-w":
			is = err == nil
		case "-L", "-h":
			l, err := p.Host.FS.Lstat(args[1])
			is = err == nil && l.Mode&fs.ModeSymlink != 0
		case "-n":
			is = args[1] != ""
		case "-z":
			is = args[1] == ""
		default:
			return p.Unsupported("%s", strings.Join(p.Argv, " "))
		}
	case len(args) == 3 && (args[1] == "=" || args[1] == "!="):
		is = (args[0] == args[2]) == (args[1] == "=")
	case len(args) == 1:
		is = args[0] != ""
	default:
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	if is == want {
		return 0
	}
	return 1
}

// users and groups of the host by id.
func (n names) name(id int) string {
	if s, ok := n[id]; ok {
		return s
	}
	return "UNKNOWN"
}

type names map[int]string

func idNames(p *proc.Proc, file string) names {
	out := names{}
	b, _ := p.Host.FS.Read(file) // without it nobody has a name
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(strings.TrimSpace(line), ":"); len(f) > 2 {
			if n, err := strconv.Atoi(f[2]); err == nil {
				out[n] = f[0]
			}
		}
	}
	return out
}

// stat knows -c with %a %A %F %g %G %n %s %u %U %Y.
func stat(p *proc.Proc) int {
	flags, args, ok := options(p, "-c=", "--format=", "-L")
	if !ok {
		return unsupported
	}
	format := flags["-c"] + flags["--format"]
	if format == "" {
		return p.Unsupported("stat without -c")
	}
	rc := 0
	for _, a := range args {
		info, err := p.Host.FS.Lstat(a)
		if flags["-L"] != "" {
			info, err = p.Host.FS.Stat(a)
		}
		if err != nil {
			p.Errorf("stat: cannot statx '%s': %s\n", a, reason(err))
			rc = 1
			continue
		}
		out, bad := statFormat(p, format, a, info)
		if bad != 0 {
			return p.Unsupported("stat -c %%%c", bad)
		}
		p.Printf("%s\n", out)
	}
	return rc
}

func statFormat(p *proc.Proc, format, name string, info vfs.Info) (out string, bad byte) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch format[i] {
		case 'a':
			fmt.Fprintf(&b, "%o", info.Mode.Perm())
		case 'A':
			b.WriteString(info.Mode.String())
		case 'F':
			b.WriteString(map[fs.FileMode]string{0: "regular file", fs.ModeDir: "directory", fs.ModeSymlink: "symbolic link"}[info.Mode.Type()])
		case 'g':
			fmt.Fprint(&b, info.Owner.GID)
		case 'G':
			b.WriteString(idNames(p, "/etc/group").name(info.Owner.GID))
		case 'n':
			b.WriteString(name)
		case 's':
			fmt.Fprint(&b, info.Size)
		case 'u':
			fmt.Fprint(&b, info.Owner.UID)
		case 'U':
			b.WriteString(idNames(p, "/etc/passwd").name(info.Owner.UID))
		case 'Y':
			fmt.Fprint(&b, info.ModTime.Unix())
		default:
			return "", format[i]
		}
	}
	return b.String(), 0
}

func ls(p *proc.Proc) int {
	flags, args, ok := options(p, "-1", "-A", "-a")
	if !ok {
		return unsupported
	}
	if len(args) == 0 {
		args = []string{"/root"}
	}
	rc := 0
	for _, a := range args {
		info, err := p.Host.FS.Stat(a)
		switch {
		case err != nil:
			p.Errorf("ls: cannot access '%s': %s\n", a, reason(err))
			rc = 2
		case !info.Mode.IsDir():
			p.Printf("%s\n", a)
		default:
			for _, e := range p.Host.FS.List(a) {
				if !strings.HasPrefix(e.Name, ".") || flags["-A"]+flags["-a"] != "" {
					p.Printf("%s\n", e.Name)
				}
			}
		}
	}
	return rc
}

func touch(p *proc.Proc) int {
	p.Changing = true
	_, args, ok := options(p)
	if !ok {
		return unsupported
	}
	rc := 0
	for _, a := range args {
		b, err := p.Host.FS.Read(a)
		if errors.Is(err, fs.ErrNotExist) || err == nil {
			err = p.Host.FS.Write(a, b, 0o644)
		}
		if err != nil {
			p.Errorf("touch: cannot touch '%s': %s\n", a, reason(err))
			rc = 1
		}
	}
	return rc
}

func chmod(p *proc.Proc) int {
	p.Changing = true
	_, args, ok := options(p)
	if !ok {
		return unsupported
	}
	if len(args) < 2 {
		p.Errorf("chmod: missing operand\n")
		return 1
	}
	mode, err := strconv.ParseUint(args[0], 8, 12)
	if err != nil {
		return p.Unsupported("chmod %s", args[0])
	}
	for _, a := range args[1:] {
		if err := p.Host.FS.Chmod(a, fs.FileMode(mode)); err != nil {
			p.Errorf("chmod: cannot access '%s': %s\n", a, reason(err))
			return 1
		}
	}
	return 0
}

func tee(p *proc.Proc) int {
	p.Changing = true
	_, args, ok := options(p)
	if !ok {
		return unsupported
	}
	b, err := io.ReadAll(p.Stdin)
	if err != nil {
		return 1
	}
	for _, a := range args {
		if err := p.Host.FS.Write(a, b, 0o644); err != nil {
			p.Errorf("tee: %s: %s\n", a, reason(err))
			return 1
		}
	}
	_, err = p.Stdout.Write(b)
	return code(err)
}

func readlink(p *proc.Proc) int {
	_, args, ok := options(p)
	if !ok {
		return unsupported
	}
	rc := 0
	for _, a := range args {
		info, err := p.Host.FS.Lstat(a)
		if err != nil || info.Mode&fs.ModeSymlink == 0 {
			rc = 1
			continue
		}
		p.Printf("%s\n", info.Target)
	}
	return rc
}
