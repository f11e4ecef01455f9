import { tick } from 'svelte'
import { Problem } from '$lib/api/problem'
import { t } from '$lib/i18n/index.svelte'
import { router } from '$lib/router.svelte'
import { emptyDraft } from '$lib/stores/drafts.svelte'
import { outbox } from '$lib/stores/outbox.svelte'
import { prefs } from '$lib/stores/prefs.svelte'
import { session } from '$lib/stores/session.svelte'
import { toasts } from '$lib/stores/toasts.svelte'
import { zonedToInstant } from '$lib/time/zone'
import type { Answer, Form } from './form.svelte'
import { quietEnd } from './quiet'
import { requestOf } from './request'
import { follow } from './sent'

/** Sends what a form holds. Throws the problem that a person has to mend first. */
export async function submit(form: Form) {
  const people = form.all.people.map((p) => p.to)
  // Values and clocks of people who were added a moment ago are not known yet.
  const asks = form.personal || form.draft.clock === 'recipient' || session.workspace?.quiet_hours
  if (asks) await form.check.ask(people).catch(() => undefined)
  const blank = form.letters.find((l) => !l.text.trim())
  if (blank)
    throw new Problem({ code: 'invalid', detail: t('compose.blank', { who: blank.name || blank.to }) })
  const times = new Map(people.map((to) => [to, leaves(form, to)]))
  const all = [...times.values()]
  if (all.includes(undefined)) form.whenError = t('compose.noclock')
  else if (all.some((x) => x && x.getTime() < Date.now())) form.whenError = t('compose.past')
  if (form.whenError) return
  const quiet = await woken(form, people)
  const answer = quiet.size ? await ask(form, quiet) : 'now'
  if (answer) await send(form, (to) => (answer === 'end' && quiet.get(to)) || times.get(to) || null)
}

/** When somebody's message leaves: null for now, undefined when that cannot be known. */
function leaves(form: Form, to: string): Date | null | undefined {
  const { sendAt, clock } = form.draft
  if (!sendAt) return null
  const zone = clock === 'recipient' ? form.check.zones.get(to) : form.zone
  return (zone && zonedToInstant(sendAt, zone)) || undefined
}

/** Whose quiet hours the send would fall into, and until when. Without a network, what the server said last. */
async function woken(form: Form, people: string[]): Promise<ReadonlyMap<string, Date>> {
  const hours = session.workspace?.quiet_hours
  if (!hours) return new Map()
  const { sendAt, clock } = form.draft
  if (!sendAt) return form.check.quiet
  if (clock === 'recipient') {
    const end = (to: string) => quietEnd(hours, sendAt, form.check.zones.get(to) ?? form.zone)
    return new Map(people.flatMap((to) => (end(to) ? [[to, end(to)!] as const] : [])))
  }
  return form.check.ask(people, zonedToInstant(sendAt, form.zone)!).catch(() => new Map())
}

async function ask(form: Form, quiet: ReadonlyMap<string, Date>): Promise<Answer> {
  const answer = new Promise<Answer>((resolve) => (form.answer = resolve))
  form.asking = quiet
  try {
    return await answer
  } finally {
    form.asking = undefined
  }
}

async function send(form: Form, at: (to: string) => Date | null) {
  const sent = form.hold()
  const hold = form.later ? 0 : prefs.undoSeconds
  const { to, body } = requestOf(sent, form.letters, hold, at)
  const outcome = await outbox.submit(sent.key, to, body)
  if (outcome.kind === 'refused') {
    form.problem = outcome.problem
    // The next try is another request: it gets a key of its own.
    form.draft.key = emptyDraft().key
    await tick()
    document.querySelector('.error')?.scrollIntoView({ block: 'nearest' })
    return
  }
  await form.sent()
  navigator.vibrate?.(10)
  if (outcome.kind === 'waiting') {
    toasts.show(t('compose.waiting'))
    router.go('/messages')
  } else {
    follow(outcome.answer, sent, body.hold_seconds ?? 0, form.owner)
  }
}
