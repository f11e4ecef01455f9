import { read, write } from '$lib/db/local'

export type Theme = 'auto' | 'light' | 'dark'

/** Choices of this device. They take effect at once and hold in every tab. */
class Prefs {
  theme = $state<Theme>((read('smsir.theme') as Theme) || 'auto')
  undoSeconds = $state(Number(read('smsir.undo') ?? 5))
  singleKeys = $state(read('smsir.keys') !== 'off')

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#paint())
    addEventListener('storage', (e) => {
      if (e.key === 'smsir.theme') this.theme = (e.newValue as Theme) || 'auto'
      if (e.key === 'smsir.undo') this.undoSeconds = Number(e.newValue ?? 5)
      if (e.key === 'smsir.keys') this.singleKeys = e.newValue !== 'off'
      this.#paint()
    })
  }

  setTheme(theme: Theme) {
    this.theme = theme
    write('smsir.theme', theme === 'auto' ? null : theme)
    this.#paint()
  }

  setUndo(seconds: number) {
    this.undoSeconds = seconds
    write('smsir.undo', String(seconds))
  }

  setSingleKeys(on: boolean) {
    this.singleKeys = on
    write('smsir.keys', on ? null : 'off')
  }

  #paint() {
    const system = matchMedia('(prefers-color-scheme: dark)').matches
    const dark = this.theme === 'auto' ? system : this.theme === 'dark'
    document.documentElement.dataset.theme = dark ? 'dark' : 'light'
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', dark ? '#12161a' : '#faf8f4')
  }
}

export const prefs = new Prefs()
