package node

import (
	"context"
	"time"
)

const (
	// tellGap is the shortest time between two wake-ups: a burst of commits is one.
	tellGap = 10 * time.Millisecond
	tellMax = 2 * time.Second
	// listenAgain is how long after a failure the node tries to listen again.
	listenAgain = time.Second
)

// Tell wakes the other nodes, soon. It never blocks. While this node is alone, as far as it knows, it tells only what is
// rare: a node that has just come looks for events and messages by itself.
func (k *Keeper) Tell(topic string) {
	k.mu.Lock()
	alone := k.lease.Nodes < 2 && (topic == Events || topic == Queue)
	if !alone {
		k.told[topic] = struct{}{}
	}
	k.mu.Unlock()
	if !alone {
		ring(k.tell)
	}
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// speak hands topics to the database, each once however often it was told meanwhile.
func (k *Keeper) speak(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.tell:
		}
		k.mu.Lock()
		topics := k.told
		k.told = map[string]struct{}{}
		k.mu.Unlock()
		for topic := range topics {
			short, cancel := context.WithTimeout(ctx, tellMax)
			if err := k.opt.Store.Wake(short, topic); err != nil && ctx.Err() == nil {
				k.log.Debug("the other nodes could not be woken; they look by themselves", "topic", topic, "err", err)
			}
			cancel()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(tellGap):
		}
	}
}

// listen hears what other nodes tell, again after a pause when the connection breaks.
func (k *Keeper) listen(ctx context.Context) {
	for {
		err := k.opt.Store.Listen(ctx, k.hear)
		if ctx.Err() != nil {
			return
		}
		k.log.Debug("stopped hearing other nodes; polling goes on", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(listenAgain):
		}
	}
}

// hear calls what belongs to a topic; everything for "".
func (k *Keeper) hear(topic string) {
	if topic == "" {
		k.hearAll()
		return
	}
	if f := k.opt.Heard[topic]; f != nil {
		f()
	}
}

func (k *Keeper) hearAll() {
	for _, f := range k.opt.Heard {
		f()
	}
}
