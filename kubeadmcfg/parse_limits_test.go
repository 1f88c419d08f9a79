package kubeadmcfg_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

const megabyte = 1 << 20

// oddFiles are a megabyte each of what a reader of YAML may stumble over.
func oddFiles() map[string]string {
	const head = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n"
	fill := func(s string) string { return strings.Repeat(s, megabyte/len(s)) }
	var keys, indent, aliases strings.Builder
	keys.WriteString(head)
	for i := 0; keys.Len() < megabyte; i++ {
		fmt.Fprintf(&keys, "key%d: 1\n", i)
	}
	for i := 0; indent.Len() < megabyte; i++ {
		indent.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	aliases.WriteString(head + "a0: &a0 [x]\n")
	for i := range 20 {
		fmt.Fprintf(&aliases, "a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 10))
	}
	return map[string]string{
		"brackets": fill("["), "braces": fill("{"), "dashes": fill("- "), "quotes": fill(`"`), "colons": fill(": "), "questions": fill("? "),
		"comments": fill("#\n"), "zeros": fill("\x00"), "directives": fill("%a\n"), "indented ever more": indent.String(),
		"empty documents": fill("---\n"), "small documents": fill("---\na: b\n"), "one document many times": fill("---\n" + head),
		"many keys": keys.String(), "one key many times": head + fill("a: 1\n"), "a long list": head + "skipPhases: [" + fill("a,") + "]",
		"a block": head + "a: |\n" + fill(" x\n"), "a long word": head + "certificateKey: " + fill("a"), "nested": head + "a: " + fill("{a: ["),
		"anchors": head + fill("&a "), "tags": head + fill("!a "), "merges": head + "x: &x {a: 1}\n" + fill("<<: *x\n"), "aliases of aliases": aliases.String(),
	}
}

func parsers() map[string]func([]byte) (kubeadmcfg.Bundle, error) {
	return map[string]func([]byte) (kubeadmcfg.Bundle, error){"strict": kubeadmcfg.Parse, "lenient": kubeadmcfg.ParseLenient}
}

// What is wrong a hundred thousand times is not said a hundred thousand times.
func TestParseAnswersOddFilesBriefly(t *testing.T) {
	for parser, parse := range parsers() {
		for name, file := range oddFiles() {
			_, err := parse([]byte(file))
			if err != nil {
				assert.Less(t, len(err.Error()), 64<<10, "%s, %s", name, parser)
			}
		}
	}
	_, err := kubeadmcfg.Parse([]byte(strings.Repeat("#\n", 4*megabyte)))
	assert.ErrorContains(t, err, "larger")
}

func BenchmarkParseOdd(b *testing.B) {
	for parser, parse := range parsers() {
		for name, file := range oddFiles() {
			b.Run(name+"/"+parser, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, _ = parse([]byte(file))
				}
			})
		}
	}
}
