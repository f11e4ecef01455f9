import type { SendBody } from '$lib/api/messages'
import type { Draft } from '$lib/stores/drafts.svelte'
import type { Letter } from './letters'

/**
 * What is asked of the server: one message, one text for many, or rows where texts or times differ. `at` is when
 * somebody's leaves: null for now.
 */
export function requestOf(
  draft: Pick<Draft, 'text' | 'from'>,
  letters: Letter[],
  hold: number,
  at: (to: string) => Date | null,
): { to: string[]; body: SendBody } {
  const times = letters.map((l) => at(l.to)?.toISOString())
  const [text, time] = [letters[0]?.text ?? draft.text, times[0]]
  const body: SendBody = {
    text,
    ...(draft.from ? { from: draft.from } : {}),
    ...(hold && times.includes(undefined) ? { hold_seconds: hold } : {}),
  }
  const to = letters.map((l) => l.to)
  const oneTime = times.every((x) => x === time)
  if (oneTime && time) body.send_at = time
  if (oneTime && letters.every((l) => l.text === text)) return { to, body }
  return {
    to,
    body: {
      ...body,
      text: draft.text,
      messages: letters.map((l, i) => ({
        to: l.to,
        text: l.text,
        ...(!oneTime && times[i] ? { send_at: times[i] } : {}),
      })),
    },
  }
}
