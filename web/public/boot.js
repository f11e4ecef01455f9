// Runs before the first paint: theme, language and direction, so that nothing flashes.
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
})()
