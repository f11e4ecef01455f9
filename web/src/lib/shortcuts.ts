import { router } from '$lib/router.svelte'
import { prefs } from '$lib/stores/prefs.svelte'

const typing = (e: KeyboardEvent) =>
  e.target instanceof Element && e.target.closest('input, textarea, select, [contenteditable]') !== null

// When g was pressed. It outlives a change of what the keys do: what one may see can arrive between two keys.
let afterG = -Infinity

/** Keys of the whole app. Single keys can be switched off in the settings (WCAG 2.1.4). Returns how to stop. */
export function shortcuts(run: { palette: () => void; help: () => void; go: Record<string, string> }) {
  const onKey = (e: KeyboardEvent) => {
    if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === 'k') {
      e.preventDefault()
      run.palette()
      return
    }
    if (!prefs.singleKeys || e.ctrlKey || e.metaKey || e.altKey || typing(e)) return
    if (document.querySelector('dialog[open]')) return
    const chord = e.timeStamp - afterG < 1500 // when the keys were pressed, however late a busy page hears of them
    afterG = -Infinity
    if (chord && run.go[e.key]) router.go(run.go[e.key]!)
    else if (e.key === 'g') afterG = e.timeStamp
    else if (e.key === 'c') router.go('/compose')
    else if (e.key === '?') run.help()
    else if (e.key === '/') {
      const field = document.querySelector<HTMLInputElement>('input[type=search]')
      if (field) field.focus()
      else router.go('/messages')
    } else return
    e.preventDefault()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}
