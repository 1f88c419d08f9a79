# make        vet and test everything that needs neither root nor a network
# make lab    as root: real hosts, real kubeadm; ends with `lab: N passed, 0 failed, 0 skipped`
# make oracle our verdicts against real kubeadms, nginx and haproxy; ends with the counts
.PHONY: all lab oracle

all:
	go vet ./...
	go test ./...

lab:
	$(MAKE) -C lab lab

oracle:
	$(MAKE) -C lab oracle
