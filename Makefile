# make        vet and test everything that needs neither root nor a network
# make lab    as root: real hosts, real kubeadm; ends with `lab: N passed, 0 failed, 0 skipped`
.PHONY: all lab

all:
	go vet ./...
	go test ./...

lab:
	$(MAKE) -C lab lab
