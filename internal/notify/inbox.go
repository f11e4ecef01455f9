package notify

import (
	"sync"

	"github.com/smsir/smsir"
)

// inbox is where the hub puts items for one live subscription, which takes all that wait at once.
type inbox struct {
	news chan struct{} // holds something when the subscription should look

	mu    sync.Mutex
	items []Item
	shut  bool // nothing will come any more
}

func newInbox() *inbox { return &inbox{news: make(chan struct{}, 1)} }

// put adds items, all of them or, if there is no room, none.
func (b *inbox) put(items []Item) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items)+len(items) > bufferSize {
		return false
	}
	b.items = append(b.items, items...)
	b.tell()
	return true
}

// shutDown says that nothing will come any more; what is there already stays.
func (b *inbox) shutDown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shut = true
	b.tell()
}

func (b *inbox) tell() {
	select {
	case b.news <- struct{}{}:
	default: // it will look anyway
	}
}

// take empties the inbox. over: there was nothing, and nothing will come.
func (b *inbox) take() (items []Item, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	items, b.items = b.items, nil
	return items, b.shut && len(items) == 0
}

// after are those of items, which are in order, that come after an id.
func after(id smsir.ID, items []Item) []Item {
	for len(items) > 0 && items[0].ID <= id {
		items = items[1:]
	}
	return items
}
