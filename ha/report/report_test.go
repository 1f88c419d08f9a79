package report_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/ha/report"
)

var update = flag.Bool("update", false, "write the golden files")

var start = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// at is an event some seconds after the start; what it says of steps is "host/what".
func at(seconds float64, kind ha.EventKind, step, message string) ha.Event {
	e := ha.Event{Kind: kind, Time: start.Add(time.Duration(seconds * float64(time.Second))), Message: message}
	if host, what, ok := strings.Cut(step, "/"); ok {
		e.Host, e.Step, e.Title = host, step, "the "+what+" of "+host
	}
	return e
}

func ended(e ha.Event, elapsed time.Duration) ha.Event {
	e.Elapsed = elapsed
	return e
}

func spec() ha.Spec {
	return ha.Spec{
		Name: "prod", KubernetesVersion: "v1.37.2", Endpoint: ha.Endpoint{Host: "api.prod.internal", Port: 16443},
		Hosts: []ha.Host{{Name: "cp1", Address: "10.0.0.11", Role: ha.RoleControlPlane}, {Name: "w1", Address: "10.0.0.21", Role: ha.RoleWorker}},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	good := []ha.Event{
		at(0, ha.Observing, "", "looking at 2 hosts"),
		at(1, ha.StepStarted, "cp1/swap", ""),
		at(1, ha.StepStarted, "cp1/modules", ""),
		at(1, ha.StepStarted, "w1/swap", ""),
		ended(at(1.5, ha.StepSkipped, "w1/swap", ""), 500*time.Millisecond),
		ended(at(2, ha.StepDone, "cp1/swap", ""), time.Second),
		ended(at(4, ha.StepDone, "cp1/modules", ""), 3*time.Second),
		at(4, ha.StepStarted, "cp1/init", ""),
		at(5, ha.StepOutput, "cp1/init", "[certs] Generating"),
		ended(at(40, ha.StepDone, "cp1/init", ""), 36*time.Second),
		at(40, ha.StepStarted, "w1/join", ""),
		at(50, ha.StepRetried, "w1/join", "connection lost"),
		ended(at(64, ha.StepDone, "w1/join", ""), 24*time.Second),
	}
	failed := append(good[:10:10],
		at(40, ha.StepStarted, "w1/join", ""),
		at(40, ha.StepStarted, "w9/verify", ""),
		ended(at(60, ha.StepFailed, "w1/join", `exit code 1: <b>"no route"</b>`), 20*time.Second),
	)
	expire := start.AddDate(1, 0, 0)
	status := &ha.Status{
		Cluster: "prod", Version: "v1.37.2", Endpoint: "api.prod.internal:16443", Initialised: true,
		Nodes: []ha.NodeStatus{
			{Name: "cp1", Address: "10.0.0.11", Role: ha.RoleControlPlane, InSpec: true, Joined: true, Ready: true, Schedulable: true, Version: "v1.37.2", EtcdMember: "leader", APIReady: true, Balancer: "ok", CertificatesExpire: expire},
			{Name: "w1", Address: "10.0.0.21", Role: ha.RoleWorker, InSpec: true, Joined: true, Ready: true, Schedulable: true, Version: "v1.37.2", Balancer: "ok"},
		},
		Etcd: []ha.EtcdMember{{ID: 0xbeef, Name: "cp1", Leader: true}},
	}
	ill := *status
	ill.Problems = []ha.Problem{{Code: "Unreachable", Host: "w1", Message: "no route", Err: errors.New("no route")}}
	for name, test := range map[string]struct {
		events []ha.Event
		status *ha.Status
	}{
		"done":    {good, status},
		"failed":  {failed, nil},
		"problem": {nil, &ill},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			require.NoError(t, report.Write(&got, spec(), test.events, test.status))
			path := filepath.Join("testdata", name+".html")
			if *update {
				require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got.String())
		})
	}
}

// A report stands alone and is one document: nothing is fetched, no script runs, no text of a host becomes markup.
func TestSelfContained(t *testing.T) {
	t.Parallel()
	evil := `</div><script src="https://evil.example/x.js"></script><img src=x onerror=alert(1)>`
	events := []ha.Event{
		at(0, ha.StepStarted, "cp1/init", ""),
		at(1, ha.StepRetried, "cp1/init", evil),
		ended(at(2, ha.StepFailed, "cp1/init", evil), time.Second),
	}
	s := spec()
	s.Name = evil
	var out bytes.Buffer
	require.NoError(t, report.Write(&out, s, events, &ha.Status{Problems: []ha.Problem{{Message: evil}}, Nodes: []ha.NodeStatus{{Name: evil, Version: evil}}}))
	doc, err := html.Parse(&out)
	require.NoError(t, err)
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		require.NotContains(t, []string{"script", "link", "img", "iframe"}, n.Data)
		for _, a := range n.Attr {
			require.NotContains(t, []string{"src", "href", "onerror"}, a.Key)
		}
	}
}

// Bars lie within the chart, in time's order, and never over each other in a lane.
func TestBars(t *testing.T) {
	t.Parallel()
	var events []ha.Event
	for i := range 40 {
		events = append(events, at(float64(i), ha.StepStarted, fmt.Sprintf("cp1/s%d", i), ""))
		if i >= 3 {
			events = append(events, at(float64(i), ha.StepDone, fmt.Sprintf("cp1/s%d", i-3), ""))
		}
	}
	var out bytes.Buffer
	require.NoError(t, report.Write(&out, spec(), events, nil))
	doc, err := html.Parse(&out)
	require.NoError(t, err)
	until := map[string]float64{} // by lane
	bars := 0
	for n := range doc.Descendants() {
		var left, width float64
		var lane string
		for _, a := range n.Attr {
			if a.Key == "style" && strings.Contains(a.Val, "width:") {
				_, err := fmt.Sscanf(a.Val, "left:%f%%;width:%f%%;top:calc(%s", &left, &width, &lane)
				require.NoError(t, err, a.Val)
				bars++
				assert.GreaterOrEqual(t, left+0.02, until[lane], "lane %s", lane)
				assert.LessOrEqual(t, left+width, 100.0)
				until[lane] = left + width
			}
		}
	}
	assert.Equal(t, 40, bars)
	assert.LessOrEqual(t, len(until), 4)
}

func TestWriteReportsItsWriter(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, report.Write(failing{}, spec(), nil, nil), "report: write: disk full")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }
