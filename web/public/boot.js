// Runs before the first paint: theme, language and direction, so that nothing flashes; and asks for what this page will need.
// A file of its own, so that the content security policy needs no 'unsafe-inline'.
;(function () {
  var d = document.documentElement
  var stored = function (key) {
    try {
      return localStorage.getItem(key)
    } catch {
      return null
    }
  }
  var theme = stored('smsir.theme') || 'auto'
  var dark = theme === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark'
  d.dataset.theme = dark ? 'dark' : 'light'
  document.querySelector('meta[name=theme-color]').content = dark ? '#12161a' : '#faf8f4'
  var lang = stored('smsir.lang') || (navigator.language || 'en').slice(0, 2)
  if (['en', 'sw', 'fr', 'ar'].indexOf(lang) < 0) lang = 'en'
  d.lang = lang
  d.dir = lang === 'ar' ? 'rtl' : 'ltr'

  // The files of the page and its texts, beside the script that would ask for them later. The build fills the table in.
  var parts = { pages: [], words: {} }
  var ask = function (file) {
    var link = document.createElement('link')
    var style = /css$/.test(file)
    link.rel = style ? 'preload' : 'modulepreload'
    if (style) link.as = 'style'
    link.crossOrigin = ''
    link.href = '/assets/' + file
    document.head.append(link)
  }
  var words = parts.words[lang] || {}
  if (words['']) ask(words[''])
  var page = parts.pages.find(function (p) {
    return new RegExp('^' + p[0] + '/?$').test(location.pathname)
  })
  if (page) {
    page[1].split(' ').forEach(ask)
    page[2].split(' ').forEach(function (area) {
      if (area && words[area]) ask(words[area])
    })
  }
  // Who is signed in, and what the first view shows: lib/api/client.ts takes the answer, once.
  var first = fetch('/v1/bootstrap', {
    headers: { Accept: 'application/json' },
    credentials: 'same-origin',
    signal: AbortSignal.timeout(30000),
  })
  first.catch(function () {}) // whoever takes it hears of it
  window.smsir = { first: first }
})()
