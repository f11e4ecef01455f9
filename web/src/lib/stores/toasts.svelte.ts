export interface Toast {
  id: number
  text: string
  tone?: 'bad'
  action?: { label: string; run: () => void }
}

/** Short notes at the edge of the screen. Those with an action stay until used or told to go. */
class Toasts {
  list = $state<Toast[]>([])
  #next = 0

  show(text: string, options: { action?: Toast['action']; tone?: 'bad'; ms?: number } = {}) {
    // The same note twice is one note.
    if (!options.action) this.list = this.list.filter((x) => x.action || x.text !== text)
    const id = ++this.#next
    this.list.push({ id, text, action: options.action, tone: options.tone })
    const ms = options.ms ?? 5000
    if (ms) setTimeout(() => this.close(id), ms)
    return id
  }

  close(id: number) {
    this.list = this.list.filter((x) => x.id !== id)
  }

  /** Counts down beside an Undo button. `undo` runs at most once; after the last second the note goes. */
  undoable(seconds: number, text: (left: number) => string, label: string, undo: () => void) {
    let left = seconds
    const stop = () => {
      clearInterval(timer)
      this.close(id)
    }
    const id = this.show(text(left), {
      ms: 0,
      action: {
        label,
        run: () => {
          stop()
          undo()
        },
      },
    })
    const timer = setInterval(() => {
      left--
      const mine = this.list.find((x) => x.id === id)
      if (mine) mine.text = text(left)
      if (left <= 0 || !mine) stop()
    }, 1000)
    return stop
  }
}

export const toasts = new Toasts()
