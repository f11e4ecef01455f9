// Shows /openapi.json as a page. Every text goes into the document as a text node: no markup comes from data.
'use strict'

const theme = stored('smsir.theme')
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme

let spec = {}
let bodies = {}

/** What the web app remembers on this device. */
function stored(key) {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** Makes an element. Properties that start with "on" are listeners. */
function el(tag, props, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(props || {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value)
  }
  node.append(...children.flat().filter((c) => c !== undefined && c !== ''))
  return node
}

/** Inline text: what stands between backquotes is code. */
function inline(text) {
  return text.split('`').map((part, i) => (i % 2 ? el('code', {}, part) : part))
}

function paragraphs(text) {
  return (text || '').split(/\n{2,}/).filter(Boolean).map((p) => el('p', {}, inline(p)))
}

/** Follows a reference within the document. */
function resolve(node) {
  if (!node || !node.$ref) return node || {}
  return node.$ref.slice(2).split('/').reduce((at, key) => at[key], spec)
}

const types = (schema) => [schema.type].flat().filter(Boolean)
const nameOf = (schema) => (schema.$ref ? schema.$ref.split('/').pop() : '')

function typeOf(schema) {
  if (nameOf(schema)) return nameOf(schema)
  const kinds = types(schema).filter((t) => t !== 'null')
  const words = kinds.map((t) => {
    if (t === 'array') return 'list of ' + typeOf(schema.items || {})
    if (t === 'object' && schema.additionalProperties && !schema.properties) return 'object of ' + typeOf(schema.additionalProperties)
    return schema.format && t === 'string' ? t + ' (' + schema.format + ')' : t
  })
  return words.join(' or ') || 'any value'
}

/** What a value must be, in words. */
function rules(schema) {
  const all = []
  const range = (low, high, unit) => {
    if (low !== undefined && high !== undefined) all.push(`${low} to ${high}${unit}`)
    else if (low !== undefined) all.push(`at least ${low}${unit}`)
    else if (high !== undefined) all.push(`at most ${high}${unit}`)
  }
  const of = types(schema).includes('array') ? resolve(schema.items) : schema
  if (of.enum) all.push('one of ' + of.enum.map((v) => '`' + v + '`').join(', '))
  range(schema.minimum, schema.maximum, '')
  range(schema.minLength, schema.maxLength, ' characters')
  range(schema.minItems, schema.maxItems, ' items')
  range(schema.minProperties, schema.maxProperties, ' entries')
  if (schema.pattern) all.push('matches `' + schema.pattern + '`')
  if (schema.default !== undefined) all.push('default `' + JSON.stringify(schema.default) + '`')
  const example = schema.examples && schema.examples[0]
  if (example !== undefined && !schema.enum) all.push('for example `' + (typeof example === 'string' ? example : JSON.stringify(example)) + '`')
  return all.join(' · ')
}

/** The object behind a schema, through lists and maps; undefined if there is none. */
function objectOf(schema) {
  const s = resolve(schema)
  if (s.properties) return { name: nameOf(schema), schema: s }
  if (s.items) return objectOf(s.items)
  if (s.additionalProperties && typeof s.additionalProperties === 'object') return objectOf(s.additionalProperties)
  return undefined
}

/** A part that is made when it is opened: schemas may contain themselves. */
function more(label, make) {
  const box = el('details', { class: 'more' }, el('summary', {}, label))
  box.addEventListener('toggle', () => box.open && box.children.length === 1 && box.append(make()))
  return box
}

function field(name, schema, must, text) {
  const of = resolve(schema)
  const inner = objectOf(schema)
  return el('div', {},
    el('dt', {}, el('code', {}, name), el('span', { class: 'type' }, typeOf(schema)), must ? el('span', { class: 'must' }, 'required') : ''),
    el('dd', {},
      paragraphs(text || schema.description || of.description),
      rules(of) ? el('p', { class: 'rules' }, inline(rules(of))) : '',
      inner ? more('Fields of ' + (inner.name || name), () => fields(inner.schema)) : ''))
}

function fields(schema) {
  const must = schema.required || []
  const names = Object.keys(schema.properties || {})
  names.sort((a, b) => must.includes(b) - must.includes(a))
  return el('dl', { class: 'fields' }, names.map((n) => field(n, schema.properties[n], must.includes(n))))
}

/** A value that fits a schema. Optional fields come along if whole is set. */
function sampleOf(schema, whole, depth = 0) {
  const s = resolve(schema)
  if (s.examples && s.examples.length) return s.examples[0]
  if (s.default !== undefined) return s.default
  if (s.enum) return s.enum[0]
  if (s.properties) {
    const out = {}
    for (const [name, p] of Object.entries(s.properties)) {
      const must = (s.required || []).includes(name)
      if (must || (whole && depth < 3 && name !== '$schema')) out[name] = sampleOf(p, whole, depth + 1)
    }
    return out
  }
  const kind = types(s)[0]
  if (kind === 'array') return depth < 3 && s.items ? [sampleOf(s.items, whole, depth + 1)] : []
  if (kind === 'object') return s.additionalProperties ? { name: sampleOf(s.additionalProperties, whole, depth + 1) } : {}
  if (kind === 'integer' || kind === 'number') return s.minimum || 0
  if (kind === 'boolean') return false
  return s.format === 'date-time' ? '2026-11-23T09:00:00Z' : 'text'
}

const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'"

/** The request as a command line. */
function curl(path, method, op) {
  const at = path.replace(/\{(\w+)\}/g, (_, name) => {
    const p = (op.parameters || []).find((q) => q.in === 'path' && q.name === name)
    return String((p && p.schema && p.schema.examples && p.schema.examples[0]) || '{' + name + '}')
  })
  const parts = ['curl ' + (method === 'get' ? '' : '-X ' + method.toUpperCase() + ' ') + quoted(location.origin + at)]
  if ((op.security || []).length) parts.push('-H "Authorization: Bearer $SMSIR_KEY"')
  const ok = Object.keys(op.responses || {}).find((s) => s.startsWith('2'))
  if (((ok && op.responses[ok].content) || {})['text/event-stream']) parts.push("-N -H 'Accept: text/event-stream'")
  if ((op.parameters || []).some((p) => p.name === 'Idempotency-Key')) parts.push('-H "Idempotency-Key: $(uuidgen)"')
  const body = op.requestBody && op.requestBody.content['application/json']
  if (body) {
    parts.push("-H 'Content-Type: application/json'")
    parts.push('-d ' + quoted(JSON.stringify(bodies[op.operationId] || sampleOf(body.schema, false))))
  }
  return parts.join(' \\\n  ')
}

function sample(text, what) {
  const pre = el('pre', { tabindex: '0', role: 'region', 'aria-label': what }, text)
  const button = el('button', { type: 'button', 'aria-label': 'Copy: ' + what, onclick: () => copy(text, pre) }, 'Copy')
  return el('div', { class: 'sample' }, pre, button)
}

async function copy(text, pre) {
  try {
    await navigator.clipboard.writeText(text)
    say('Copied')
  } catch {
    getSelection().selectAllChildren(pre) // plain HTTP: browsers let only people copy
    say('Selected: press Ctrl+C')
  }
}

let silence
function say(words) {
  const said = document.getElementById('said')
  said.textContent = words
  clearTimeout(silence)
  silence = setTimeout(() => (said.textContent = ''), 2500)
}

/** Words between backquotes become links to the problems of that code. */
function withCodes(text) {
  return text.split('`').map((part, i) => (i % 2 ? el('a', { href: '#problem-' + part }, el('code', {}, part)) : part))
}

function response(status, ref) {
  const r = resolve(ref)
  const [media, content] = Object.entries(r.content || {})[0] || []
  const success = status < '300'
  const schema = content && content.schema
  const shape = success && schema ? objectOf(schema) : undefined
  return el('div', {},
    el('dt', {}, el('code', {}, status), el('span', { class: 'type' }, success && media ? media + (schema ? ': ' + typeOf(schema) : '') : '')),
    el('dd', {},
      el('p', {}, success ? inline(r.description || '') : withCodes(r.description || '')),
      shape ? more('Fields of ' + (shape.name || 'the answer'), () => fields(shape.schema)) : '',
      shape && media === 'application/json' ? more('Example', () => sample(JSON.stringify(sampleOf(schema, true), null, 2), 'example of the answer')) : ''))
}

function details(path, method, op) {
  const parts = [...paragraphs(op.description), el('h4', {}, 'Request'), sample(curl(path, method, op), 'request as a command line')]
  if ((op.parameters || []).length) {
    parts.push(el('h4', {}, 'Parameters'))
    parts.push(el('dl', { class: 'fields' }, op.parameters.map((p) => field(p.name, p.schema || {}, p.required, (p.description || '') + ' (' + p.in + ')'))))
  }
  const body = op.requestBody && op.requestBody.content['application/json']
  if (body) parts.push(el('h4', {}, 'Body' + (op.requestBody.required ? '' : ', may be left out')), fields(resolve(body.schema)))
  parts.push(el('h4', {}, 'Answers'), el('dl', { class: 'fields' }, Object.entries(op.responses || {}).map(([s, r]) => response(s, r))))
  return el('div', { class: 'body' }, parts)
}

function operation({ path, method, op }) {
  const box = el('details', {}, el('summary', {}, el('h3', {},
    el('span', { class: 'method ' + method }, method.toUpperCase()), el('code', {}, path), el('span', { class: 'words' }, op.summary || ''))))
  box.addEventListener('toggle', () => box.open && box.children.length === 1 && box.append(details(path, method, op)))
  return el('article', { class: 'op', id: 'op-' + op.operationId }, box)
}

function problem(p) {
  return el('article', { class: 'problem', id: 'problem-' + p.code },
    el('h3', {}, el('code', {}, p.code), ` ${p.status} · ${p.title}`),
    el('p', {}, inline(p.fix)),
    el('p', { class: 'status' }, p.retryable ? 'The very same request may work later.' : 'The same request will not work later.'))
}

/** Every operation under its tag, in the order of the document. */
function byTag() {
  const groups = new Map((spec.tags || []).map((t) => [t.name, { text: t.description, ops: [] }]))
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
      const op = methods[method]
      if (!op) continue
      const tag = (op.tags || ['Other'])[0]
      if (!groups.has(tag)) groups.set(tag, { text: '', ops: [] })
      groups.get(tag).ops.push({ path, method, op })
    }
  }
  for (const [tag, g] of groups) {
    // What a tag is named after comes first: sending a message before the list of inbound ones.
    const home = '/v1/' + tag.toLowerCase().replaceAll(' ', '-')
    const rank = ({ path, method }) => (path.startsWith(home) ? 0 : 2) + (path === home && method === 'post' ? 0 : 1)
    g.ops.sort((a, b) => rank(a) - rank(b))
  }
  return [...groups].filter(([, g]) => g.ops.length)
}

function render(problems) {
  const content = document.getElementById('content')
  const nav = document.getElementById('nav')
  for (const [tag, group] of byTag()) {
    const id = 'tag-' + tag.replaceAll(' ', '-')
    content.append(el('section', { 'aria-labelledby': id }, el('h2', { id }, tag), paragraphs(group.text), group.ops.map(operation)))
    nav.append(el('div', { class: 'group' }, el('h2', {}, tag),
      el('ul', {}, group.ops.map(({ op }) => el('li', { 'data-op': op.operationId }, el('a', { href: '#op-' + op.operationId }, op.summary))))))
  }
  content.append(el('section', { 'aria-labelledby': 'problems' }, el('h2', { id: 'problems' }, 'Problems'),
    el('p', {}, inline('The body of every answer that is no success is `application/problem+json` (RFC 9457). Programs decide by `code`.')),
    problems.map(problem)))
  nav.append(el('div', { class: 'group' }, el('h2', {}, 'Reference'), el('ul', {}, el('li', {}, el('a', { href: '#problems' }, 'Problems')))))
  document.getElementById('first').append(sample(curl('/v1/messages', 'post', spec.paths['/v1/messages'].post), 'sending a message from a command line'))
}

/** Shows what fits the words in the search field. */
function filter() {
  const words = document.getElementById('find').value.toLowerCase().split(/\s+/).filter(Boolean)
  const all = [...document.querySelectorAll('.op, .problem')]
  let shown = 0
  for (const node of all) {
    const text = (node.querySelector('h3').textContent + ' ' + node.id).toLowerCase()
    node.hidden = !words.every((w) => text.includes(w))
    shown += node.hidden ? 0 : 1
    const link = document.querySelector(`[data-op="${CSS.escape(node.id.slice(3))}"]`)
    if (link) link.hidden = node.hidden
  }
  for (const section of document.querySelectorAll('#content section')) section.hidden = ![...section.querySelectorAll('.op, .problem')].some((n) => !n.hidden)
  for (const group of document.querySelectorAll('#nav .group')) group.hidden = words.length > 0 && ![...group.querySelectorAll('[data-op]')].some((n) => !n.hidden)
  document.querySelector('.intro').hidden = words.length > 0
  document.getElementById('status').textContent = words.length ? `${shown} of ${all.length} fit.` : ''
}

/** Opens the operation that the address names. */
function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (!target) return
  const box = target.querySelector(':scope > details')
  if (box) box.open = true
  target.scrollIntoView()
  const menu = document.getElementById('menu')
  if (!wide.matches) menu.open = false
}

const wide = matchMedia('(min-width: 60rem)')

async function load(url) {
  const answer = await fetch(url, { credentials: 'same-origin' })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return answer.json()
}

async function start() {
  const menu = document.getElementById('menu')
  const fit = () => (menu.open = wide.matches)
  wide.addEventListener('change', fit)
  fit()
  try {
    const [document_, extra] = await Promise.all([load('/openapi.json'), load('/docs/extra.json')])
    spec = document_
    bodies = extra.bodies
    render(extra.problems)
  } catch (e) {
    document.getElementById('status').textContent = `The description cannot be shown: ${e.message}. Load the page again.`
    return
  }
  document.getElementById('status').textContent = ''
  document.getElementById('find').addEventListener('input', filter)
  addEventListener('hashchange', follow)
  follow()
}

void start()
