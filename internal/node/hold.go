package node

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
)

// held is a workspace that this node wants to serve, or serves.
type held struct {
	users   int             // calls of Hold that want it
	ctx     context.Context // while this node has it; nil otherwise
	lose    context.CancelFunc
	changed chan struct{} // closed and replaced when it is got or lost
}

// Holds reports whether this node serves a workspace whose connections exist once.
func (k *Keeper) Holds(workspace smsir.UUID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.holds[workspace]
	return h != nil && h.ctx != nil && k.fresh(time.Now())
}

// Hold calls run when this node has become the one that serves a workspace, and ends run's context when it is no more:
// because another node has it, or because half of this node's lease has passed. It returns when ctx ends, or with what
// run returns by itself.
func (k *Keeper) Hold(ctx context.Context, workspace smsir.UUID, run func(context.Context) error) error {
	h := k.want(workspace)
	defer k.unwant(ctx, workspace, h)
	ring(k.beat)
	for {
		k.mu.Lock()
		has, changed := h.ctx, h.changed
		k.mu.Unlock()
		if has == nil {
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
			}
			continue
		}
		both, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(has, cancel)
		err := run(both)
		stop()
		cancel()
		if ctx.Err() != nil {
			return err
		}
		if has.Err() == nil {
			if err == nil {
				err = errors.New("the provider stopped by itself")
			}
			return err
		}
		k.log.Info("another node serves a workspace now, or this one is cut off", "workspace_id", workspace.Format(smsir.PrefixWorkspace))
	}
}

func (k *Keeper) want(workspace smsir.UUID) *held {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.holds[workspace]
	if h == nil {
		h = &held{changed: make(chan struct{})}
		k.holds[workspace] = h
	}
	h.users++
	return h
}

// unwant gives the lease back with the last of its users, so that another node need not wait for its end.
func (k *Keeper) unwant(ctx context.Context, workspace smsir.UUID, h *held) {
	k.mu.Lock()
	h.users--
	last := h.users == 0
	had := h.ctx != nil
	if last {
		k.set(h, false)
		delete(k.holds, workspace)
	}
	k.mu.Unlock()
	if !last || !had {
		return
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellMax)
	defer cancel()
	if err := k.opt.Store.DropWorkspace(short, workspace); err != nil {
		k.log.Warn("the lease of a workspace could not be given back; another node has it when it is over", "err", err)
	}
}

// set notes that a workspace was got or lost. k.mu is held.
func (k *Keeper) set(h *held, has bool) {
	if has == (h.ctx != nil) {
		return
	}
	if has {
		h.ctx, h.lose = context.WithCancel(context.Background())
	} else {
		h.lose()
		h.ctx, h.lose = nil, nil
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// renewHolds asks for the leases of the workspaces that are wanted.
func (k *Keeper) renewHolds(ctx context.Context) {
	k.mu.Lock()
	wanted := make([]smsir.UUID, 0, len(k.holds))
	for w := range k.holds {
		wanted = append(wanted, w)
	}
	k.mu.Unlock()
	if len(wanted) == 0 {
		return
	}
	has, err := k.opt.Store.HoldWorkspaces(ctx, wanted)
	if err != nil {
		k.log.Error("the leases of workspaces could not be renewed", "err", err)
		return
	}
	mine := make(map[smsir.UUID]bool, len(has))
	for _, w := range has {
		mine[w] = true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, w := range wanted {
		if h := k.holds[w]; h != nil {
			k.set(h, mine[w])
		}
	}
}

// expire lets go of everything when half of the lease has passed without a renewal.
func (k *Keeper) expire() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fresh(time.Now()) {
		return
	}
	for _, h := range k.holds {
		k.set(h, false)
	}
}
