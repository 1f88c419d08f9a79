package transport_test

import (
	"io/fs"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

func TestCommandValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, transport.Command{Argv: []string{"printf", "", "\n\xff"}, Env: []string{"A=", "a.b=c=d"}}.Validate())
	require.EqualError(t, transport.Command{}.Validate(), "no program to run")
	require.EqualError(t, transport.Command{Argv: []string{"", "a\x00b"}, Env: []string{"=x", "A=\x00", "A=b"}}.Validate(),
		"no program to run\nargument 1 contains a NUL byte\nsetting 0 is not NAME=value\nsetting 1 contains a NUL byte")
}

func TestFileValidate(t *testing.T) {
	t.Parallel()
	for _, f := range []transport.File{{Path: "/a"}, {Path: "/a b/it's", Mode: 0o777}, {Path: "/a", Owner: "etcd:etcd"}, {Path: "/a", Owner: "1000:1000"}} {
		require.NoError(t, f.Validate())
	}
	for want, f := range map[string]transport.File{
		`path "" is not absolute`:                                             {},
		`path "a/b" is not absolute`:                                          {Path: "a/b"},
		`path "/a\x00" contains a NUL byte`:                                   {Path: "/a\x00"},
		`path "/a/" names a directory`:                                        {Path: "/a/"},
		"mode drwxr-xr-x of /a holds more than permission bits":               {Path: "/a", Mode: fs.ModeDir | 0o755},
		`owner "-R" is not user or user:group`:                                {Path: "/a", Owner: "-R"},
		"path \"a\" is not absolute\nowner \"a b\" is not user or user:group": {Path: "a", Owner: "a b"},
	} {
		require.EqualError(t, f.Validate(), want)
	}
}
