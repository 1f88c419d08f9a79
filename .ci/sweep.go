//go:build ignore

// Sweep removes what a lab left behind whose process was killed. Run it in lab/: go run ../.ci/sweep.go
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/quorate-dev/quorate/lab"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := lab.Sweep(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
