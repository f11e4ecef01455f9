package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/smsir/smsir"
)

// hold runs a provider that holds connections or reports by itself, again after a pause if it fails.
func (l *lane) hold(ctx context.Context) {
	defer close(l.runnerDone)
	r, ok := l.up.Provider.(smsir.Runner)
	if !ok {
		return
	}
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := l.holdOnce(ctx, r)
		if ctx.Err() != nil {
			return
		}
		l.d.log.Error("a provider stopped by itself", "provider", l.up.Name, "err", err, "again_in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (l *lane) run(ctx context.Context, r smsir.Runner) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.Run(ctx, l.d.opt.Sink)
}

func (l *lane) stopRunner() {
	l.stopRun()
	<-l.runnerDone
}
