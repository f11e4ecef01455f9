import { Personal, type Values } from '$lib/sms/personalise'
import type { Draft, Listed } from '$lib/stores/drafts.svelte'

/** Everybody a draft goes to, each number once: those typed first, then list by list. */
export function everybody({ to, lists }: Pick<Draft, 'to' | 'lists'>): {
  people: Listed[]
  duplicates: number
} {
  const people = new Map<string, Listed>(to.map((n) => [n, { to: n }]))
  let all = to.length
  for (const list of lists) {
    all += list.people.length
    for (const p of list.people) {
      const known = people.get(p.to)
      if (!known) people.set(p.to, p)
      else if (p.values) people.set(p.to, { to: p.to, values: { ...p.values, ...known.values } })
    }
  }
  return { people: [...people.values()], duplicates: all - people.size }
}

/** The text as one recipient gets it. */
export interface Letter {
  to: string
  name: string
  text: string
  /** A variable without a fallback has no value. */
  gap: boolean
}

/** Renders a text for everybody. `known` are values that contacts have; those of a list go before them. */
export function lettersOf(text: string, people: Listed[], known: ReadonlyMap<string, Values>): Letter[] {
  const personal = new Personal(text)
  return people.map(({ to, values }) => {
    const all = { ...known.get(to), ...values, phone: to }
    return { to, name: (all as Values).name ?? '', ...personal.render(all) }
  })
}
