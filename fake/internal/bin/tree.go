package bin

import (
	"io/fs"
	"strconv"
	"strings"

	"github.com/quorate-dev/quorate/fake/internal/proc"
	"github.com/quorate-dev/quorate/fake/internal/vfs"
)

// install makes directories with a mode and an owner (install -d); copying files is not simulated.
func install(p *proc.Proc) int {
	p.Changing = true
	flags, args, ok := options(p, "-d", "-m=", "-o=", "-g=")
	if !ok {
		return unsupported
	}
	mode, err := strconv.ParseUint(flags["-m"], 8, 12)
	uid, uidErr := strconv.Atoi(flags["-o"])
	gid, gidErr := strconv.Atoi(flags["-g"])
	if flags["-d"] == "" || err != nil || uidErr != nil || gidErr != nil {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	for _, a := range args {
		err := p.Host.FS.MkdirAll(a, 0o755)
		if err == nil {
			err = p.Host.FS.Chmod(a, fs.FileMode(mode))
		}
		if err == nil {
			err = p.Host.FS.Chown(a, vfs.Owner{UID: uid, GID: gid})
		}
		if err != nil {
			p.Errorf("install: cannot create directory '%s': %s\n", a, reason(err))
			return 1
		}
	}
	return 0
}

// find empties a directory (find DIR -mindepth 1 -delete); searching is not simulated.
func find(p *proc.Proc) int {
	if len(p.Argv) != 5 || strings.Join(p.Argv[2:], " ") != "-mindepth 1 -delete" {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	p.Changing = true
	if _, err := p.Host.FS.Stat(p.Argv[1]); err != nil {
		p.Errorf("find: '%s': %s\n", p.Argv[1], reason(err))
		return 1
	}
	for _, info := range p.Host.FS.List(p.Argv[1]) {
		if err := p.Host.FS.RemoveAll(p.Argv[1] + "/" + info.Name); err != nil {
			p.Errorf("find: cannot delete '%s': %s\n", p.Argv[1]+"/"+info.Name, reason(err))
			return 1
		}
	}
	_ = p.Do(func() { p.Host.Changed() }) // a killed command says nothing more
	return 0
}
