// Warns before the session ends (data-traid-signs-out), and when it has: the page
// is covered then, and stays as it is until one has signed in again.
const dialog = document.querySelector('[data-traid-signs-out]')
const keepers = []
let last // when the session ends whatever is done
let end
let state = ''

// keeps takes what saves a part of the page and tells whether it is saved.
export const keeps = keeper => keepers.push(keeper)

// renewed says that the session was renewed, to the other tabs too.
export const renewed = at => {
  if (!dialog) return
  end = Math.min(at + dialog.dataset.idle * 1000, last)
  tabs.postMessage({ account: dialog.dataset.account, end, last })
  tick()
}

const tabs = dialog && new BroadcastChannel('traid-signs-out')
const part = selector => dialog.querySelector(selector)
const say = (selector, text) => {
  if (part(selector).textContent !== text) part(selector).textContent = text
}

const keep = async () => {
  const kept = await Promise.all(keepers.map(keeper => keeper()))
  say('[data-traid-kept]', kept.includes(true) ? 'What you typed is saved.' : '')
}

const tick = () => {
  const left = end - Date.now()
  const next = left <= 0 ? 'ended' : left <= dialog.dataset.warn * 1000 ? 'warned' : ''
  if (next === 'warned') {
    const minutes = Math.ceil(left / 60000)
    const when = minutes > 1 ? `in ${minutes} minutes` : 'in less than a minute'
    say('p', end < last ? `You will be signed out ${when}, because you have done nothing here for a while.` : `You will be signed out ${when}, because you signed in a long time ago.`)
  }
  if (next === state) return
  state = next
  dialog.close()
  if (!next) return
  const ended = next === 'ended'
  say('h2', ended ? 'You are signed out' : 'You will be signed out soon')
  if (ended) say('p', 'This page stays as it is. Sign in again, and go on here.')
  say('button', end < last ? 'Stay signed in' : 'Go on until then')
  part('button').hidden = ended
  part('a').hidden = !ended
  dialog.classList.toggle('traid-signs-out--ended', ended)
  dialog.showModal()
  keep()
}

const stay = async () => {
  if (end === last) {
    dialog.close()
    return
  }
  const at = Date.now()
  try {
    const answer = await fetch(dialog.dataset.stay, { method: 'POST', redirect: 'manual' })
    if (answer.type === 'opaqueredirect') { // the session has ended before its time
      end = 0
      tick()
      return
    }
    if (!answer.ok) throw answer.status
    renewed(at)
  } catch {
    say('[data-traid-kept]', 'The service does not answer. Try again.')
  }
}

if (dialog) {
  last = performance.timeOrigin + dialog.dataset.left * 1000
  part('button').addEventListener('click', stay)
  dialog.addEventListener('cancel', event => {
    event.preventDefault()
    if (state === 'warned') stay()
  })
  tabs.addEventListener('message', event => {
    if (event.data.account !== dialog.dataset.account) return
    ({ end, last } = event.data)
    tick()
  })
  renewed(performance.timeOrigin)
  setInterval(tick, 1000)
}
