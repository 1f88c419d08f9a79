package bin

import (
	"strings"

	"github.com/quorate-dev/quorate/fake/internal/proc"
)

// sh is refused: hosts are driven by argument vectors.
func sh(p *proc.Proc) int { return p.Unsupported("shell text: %s", strings.Join(p.Argv, " ")) }
