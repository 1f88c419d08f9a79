// Package sudotest stands in for sudo(8) in tests: a script that asks, refuses and runs as sudo
// does, without changing the user.
//
//	sudo := sudotest.Install(t, sudotest.Sudo{Password: "secret"})
//	t.Setenv("PATH", sudo.Bin+":"+os.Getenv("PATH"))
package sudotest
