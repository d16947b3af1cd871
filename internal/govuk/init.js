// Starts the components of the pages; a page works without it.
import { initAll } from './govuk-frontend.min.js'
import { keeps, renewed } from './signs_out.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()

// A form with a button that saves it (data-traid-save) is saved while one types,
// and says so in its status. Without scripts the button does it.
const pause = 1000 // milliseconds after the last key
for (const button of document.querySelectorAll('[data-traid-save]')) {
  const form = button.form
  const say = text => { form.querySelector('[data-traid-saved]').textContent = text }
  let typed = false
  let timer
  const save = async byItself => {
    clearTimeout(timer)
    if (!typed) return
    typed = false
    const body = new URLSearchParams(new FormData(form))
    body.set(button.name, button.value)
    body.set('quiet', 'yes')
    const at = Date.now()
    try {
      const headers = byItself ? { 'Traid-By-Itself': 'yes' } : {}
      const answer = await fetch(button.formAction, { method: 'POST', body, headers, redirect: 'manual', keepalive: true })
      if (answer.type === 'opaqueredirect') {
        say('You are signed out. What you typed is kept: sign in again, and you find it.')
        return
      }
      if (!answer.ok) throw answer.status
      if (!byItself) renewed(at)
      say('Saved at ' + new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }))
    } catch {
      say('Not saved: the service does not answer. It is tried again while this page is open.')
      typed = true
      timer = setTimeout(save, 10 * pause, byItself)
    }
  }
  form.addEventListener('input', () => {
    typed = true
    clearTimeout(timer)
    timer = setTimeout(save, pause, false)
  })
  form.addEventListener('submit', () => {
    typed = false
    clearTimeout(timer)
  })
  document.addEventListener('visibilitychange', () => save(false))
  keeps(async () => {
    typed ||= [...form.querySelectorAll('textarea')].some(box => box.value)
    if (!typed) return false
    await save(true)
    return !typed
  })
}

// What goes on by itself (data-traid-live) is asked for every few seconds, until
// it is over or somebody stops it. Without scripts a link does it.
for (const live of document.querySelectorAll('[data-traid-live]')) {
  const every = 3000 // milliseconds
  const button = document.querySelector('[data-traid-live-stop]')
  const [stop, goOn] = [button.textContent, button.dataset.traidLiveStop]
  let timer
  const ask = async () => {
    try {
      const answer = await fetch(location.href, { redirect: 'manual' })
      if (answer.type === 'opaqueredirect') return // signed out
      const now = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-traid-live]')
      if (timer === undefined) return // stopped meanwhile
      if (answer.ok && !now) return location.reload()
      if (now) live.replaceChildren(...now.childNodes)
    } catch {} // the next one may be answered
    if (timer !== undefined) timer = setTimeout(ask, every)
  }
  timer = setTimeout(ask, every)
  button.hidden = false
  button.addEventListener('click', () => {
    const going = timer !== undefined
    clearTimeout(timer)
    timer = going ? undefined : setTimeout(ask, 0)
    button.textContent = going ? goOn : stop
  })
}

// A single key follows the link that has it (data-traid-key), and gives anything
// else the focus. It presses nothing, and is a letter where one types.
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return
  if (event.target.closest('input:not([type=radio], [type=checkbox]), textarea, select')) return
  const at = [...document.querySelectorAll('[data-traid-key]')].find(each => each.dataset.traidKey === event.key)
  if (!at) return
  event.preventDefault()
  at.focus()
  if (at.matches('a[href]')) at.click()
})
