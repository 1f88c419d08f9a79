package main

import "errors"

// simulated is replaced by the simulator.
func simulated() (*target, error) { return nil, errors.New("not built in") }
