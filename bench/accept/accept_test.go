package main

import (
	"bufio"
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRunMeasures: a short run against the real server measures everything that it promises to, with profiles.
func TestRunMeasures(t *testing.T) {
	t.Parallel()
	profiles := filepath.Join(t.TempDir(), "profiles")
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{
		"-rounds", "1", "-duration", "300ms", "-warmup", "50ms", "-connections", "4", "-batchers", "2", "-batch", "20",
		"-modes", "paused,running,unrouted", "-min-single", "0", "-min-batch", "0", "-cpuprofile", profiles,
	}, &out, &errOut)
	if code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, &out, &errOut)
	}
	for _, want := range []string{"bare      single", "paused    batches", "running   single", "unrouted  batches", "of bare", "writer: one goroutine", "pass  dispatch running, batches"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "       0 msg/s") {
		t.Errorf("something was not measured:\n%s", &out)
	}
	if files, err := filepath.Glob(profiles + "/*.pprof"); err != nil || len(files) != 6 {
		t.Errorf("profiles %v, %v, want 6", files, err)
	}
}

// TestVerdictCanFail: less than what is required is a failure.
func TestVerdictCanFail(t *testing.T) {
	t.Parallel()
	fast, slow := result{messages: 1000, took: time.Second}, result{messages: 300, took: time.Second}
	var out bytes.Buffer
	b := &bench{options: options{rounds: 1, modes: []string{running}, minSingle: 40, minBatch: 25}, out: &out}
	b.figures = []figure{{bare, false, 0, fast}, {running, false, 0, slow}, {bare, true, 0, fast}, {running, true, 0, slow}}
	if b.verdict() || !strings.Contains(out.String(), "FAIL  dispatch running, single: 30 %") || !strings.Contains(out.String(), "pass  dispatch running, batches: 30 %") {
		t.Errorf("got\n%s", &out)
	}
	b.minSingle = 30
	if !b.verdict() {
		t.Errorf("30 %% of the bare insert is not enough for 30 %%:\n%s", &out)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-modes", "sleeping"}, {"-batch", "1001"}, {"-rounds", "0"}, {"-nonsense"}} {
		var out bytes.Buffer
		if code := run(t.Context(), args, &out, &out); code != 2 {
			t.Errorf("%v: exit code %d, want 2", args, code)
		}
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var r result
	for i := range 100 {
		r.add(1, []time.Duration{time.Duration(100-i) * time.Millisecond})
	}
	r.sort()
	if r.ms(50) != 51 || r.ms(99) != 100 || r.ms(0) != 1 || r.messages != 100 {
		t.Errorf("p0 %v p50 %v p99 %v of 1 to 100 ms, %d messages", r.ms(0), r.ms(50), r.ms(99), r.messages)
	}
	if empty := (&result{}); empty.ms(50) != 0 || empty.cpuPerMessage() != 0 {
		t.Error("an empty result is not 0")
	}
}

func TestAcceptedReadsAnswers(t *testing.T) {
	t.Parallel()
	in := bufio.NewReader(strings.NewReader("HTTP/1.1 202 Accepted\r\ncontent-length: 4\r\n\r\nbodyHTTP/1.1 429 Too Many Requests\r\nContent-Length: 5\r\n\r\nwait!"))
	if err := accepted(in); err != nil {
		t.Errorf("202: %v", err)
	}
	if err := accepted(in); err == nil || !strings.Contains(err.Error(), "429") || !strings.Contains(err.Error(), "wait!") {
		t.Errorf("429: %v", err)
	}
	for _, text := range []string{"", "HTTP/1.1 202 Accepted\r\n\r\n", "HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nshort"} {
		if err := accepted(bufio.NewReader(strings.NewReader(text))); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestReadTop(t *testing.T) {
	t.Parallel()
	total, cum, err := readTop([]byte("File: smsir\nDuration: 6s, Total samples = 2770000us (46.07%)\n      flat  flat%   sum%        cum   cum%\n" +
		"         0     0%     0% 1510000us 54.51%  example.com/x.(*writer).loop\n   10000us  0.36%  0.36%   20000us  0.7%  example.com/x.f (inline)\n"))
	if err != nil || total != 2_770_000 || cum["example.com/x.(*writer).loop"] != 1_510_000 || cum["example.com/x.f"] != 20_000 {
		t.Errorf("total %v, %v, %v", total, cum, err)
	}
	if _, _, err := readTop([]byte("nothing")); err == nil {
		t.Error("no error for what is no profile")
	}
}
