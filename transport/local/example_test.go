package local_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/local"
)

func Example() {
	ctx := context.Background()
	t, err := local.New(ctx, local.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "etc", "motd")
	if err := t.WriteFile(ctx, transport.File{Path: file, Data: []byte("hello\n"), Mode: 0o600}); err != nil {
		log.Fatal(err)
	}
	data, err := t.ReadFile(ctx, file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", data)
	// Output: hello
}
