// What somebody sees of a page, measured in the page. Each function gives a line for everything that is wrong.
window.look = (() => {
  const near = 1 // pixel, for rounding
  const shown = el => el.checkVisibility({ visibilityProperty: true })
  const styleOf = (el, part) => getComputedStyle(el, part)
  const says = el => (el.textContent || el.value || el.name || el.id || '').trim().replace(/\s+/g, ' ').slice(0, 60)
  const where = el => {
    const name = el.tagName.toLowerCase() + (el.id ? '#' + el.id : typeof el.className === 'string' && el.className ? '.' + el.className.trim().split(/\s+/)[0] : '')
    return `${name} “${says(el)}”`
  }

  // Kept for screen readers alone: a box of a pixel.
  const forEarsOnly = el => {
    for (; el && el !== document.body; el = el.parentElement) {
      const s = styleOf(el)
      if (s.position === 'absolute' && s.overflow !== 'visible' && el.offsetWidth <= 1) return true
    }
    return false
  }

  // Every line of text that is seen, with the element that it stands in.
  const lines = () => {
    const out = []
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walk.nextNode()) {
      const node = walk.currentNode, el = node.parentElement
      if (!node.data.trim() || el.closest('script, style, option, textarea') || !shown(el) || forEarsOnly(el)) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      for (const r of range.getClientRects()) if (r.width > near && r.height > near) out.push({ el, node, r })
    }
    return out
  }

  // The first of many, so that they can be read.
  const some = all => {
    const out = [...all]
    return out.length > 8 ? [...out.slice(0, 8), `and ${out.length - 8} more`] : out
  }

  const layout = () => {
    const wrong = new Set()
    const wide = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth > wide) wrong.add(`the page scrolls sideways: it is ${document.documentElement.scrollWidth} pixels wide on a screen of ${innerWidth}`)
    const all = lines()
    for (const { el, r } of all) {
      if (r.right > wide + near || r.left < -near) wrong.add(`off the screen: ${where(el)}`)
      for (let box = el; box && box !== document.body; box = box.parentElement) {
        const s = styleOf(box)
        if (s.display === 'inline' || s.display === 'contents') continue
        const b = box.getBoundingClientRect()
        const slack = r.height * .4 // letters are higher than a tight line
        const space = styleOf(el).whiteSpace === 'pre-wrap' ? parseFloat(styleOf(el).fontSize) : 0 // one that ends a line hangs over
        if (r.right > b.right + near + space || r.left < b.left - near || r.bottom > b.bottom + slack || r.top < b.top - slack) {
          wrong.add(`sticks out of ${where(box)}: ${where(el)}`)
          break
        }
      }
    }
    // Two texts, or a text and a control, on one another.
    const controls = [...document.querySelectorAll('button, input:not([type=hidden]), select, textarea')].filter(c => shown(c) && !forEarsOnly(c)).map(el => ({ el, control: true, r: el.getBoundingClientRect() }))
    const boxes = [...all, ...controls].sort((a, b) => a.r.top - b.r.top)
    for (let i = 0; i < boxes.length; i++) {
      for (let j = i + 1; j < boxes.length && boxes[j].r.top < boxes[i].r.bottom; j++) {
        const a = boxes[i], b = boxes[j]
        if (a.node && a.node === b.node || a.control && a.el.contains(b.el) || b.control && b.el.contains(a.el)) continue
        const w = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left)
        const h = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top)
        if (w > 2 && h > .35 * Math.min(a.r.height, b.r.height)) wrong.add(`on one another: ${where(a.el)} and ${where(b.el)}`)
      }
    }
    return some(wrong)
  }

  // Room between lines, words and letters as WCAG 2.2, 1.4.12 asks for.
  let spacing
  const spaced = on => {
    if (!spacing) {
      spacing = new CSSStyleSheet()
      spacing.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }')
    }
    document.adoptedStyleSheets = on ? [spacing] : []
  }

  // Where Tab has to stop, in the order of the document, and how each looks without the focus.
  let stops
  const looks = el => {
    const label = el.labels && el.labels[0]
    const of = (e, part) => {
      const s = styleOf(e, part)
      const outline = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 && !/rgba\(.*, 0\)|transparent/.test(s.outlineColor) ? s.outlineStyle + s.outlineWidth + s.outlineColor : ''
      return [outline, s.boxShadow, s.backgroundColor, s.borderTopColor, s.borderTopWidth, s.borderBottomColor].join()
    }
    return [of(el), of(el, '::before'), of(el, '::after'), label ? of(label, '::before') + of(label, '::after') : ''].join('|')
  }
  // Nothing has the focus, and Tab begins at the top again.
  const rest = () => {
    const top = document.createElement('span')
    top.tabIndex = -1
    document.body.prepend(top)
    top.focus()
    top.remove()
    history.replaceState(null, '', location.pathname + location.search)
    scrollTo(0, 0)
  }
  const begin = () => {
    rest()
    const groups = new Map()
    const found = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable]')].filter(el =>
      !el.disabled && shown(el) && el.tabIndex >= 0 && !(el.tagName === 'SUMMARY' && el.parentElement.tagName !== 'DETAILS'))
    for (const el of found) {
      if (el.type !== 'radio') continue
      const group = `${el.form && el.form.action} ${el.name}`
      if (!groups.has(group) || el.checked) groups.set(group, el)
    }
    stops = found.filter(el => el.type !== 'radio' || [...groups.values()].includes(el)).map(el => ({ el, looks: looks(el) }))
    return stops.length
  }

  // What has the focus after the nth Tab.
  const at = n => {
    const el = document.activeElement, want = stops[n]
    if (!want) return el === document.body || el === document.documentElement || el === stops[0].el ? '' : `the focus goes on after the last stop, to ${where(el)}`
    if (el !== want.el) return `Tab stops at ${where(el)} where ${where(want.el)} comes next`
    if (looks(el) === want.looks) return `the focus is not to be seen on ${where(el)}`
    const r = el.getBoundingClientRect()
    if (r.width <= near || r.height <= near) return `the focus is on something that is not seen: ${where(el)}`
    // What lies over the middle of what is in sight of it, or of its first line.
    const hit = [r, el.getClientRects()[0]].map(r => document.elementFromPoint(
      (Math.max(r.left, 0) + Math.min(r.right, innerWidth)) / 2, (Math.max(r.top, 0) + Math.min(r.bottom, innerHeight)) / 2))
    if (!hit.some(top => top && (el.contains(top) || (el.labels && [...el.labels].some(l => l.contains(top)))))) return `the focus is hidden on ${where(el)}`
    return ''
  }

  // Stops that come before the one before them to somebody who reads from the left to the right and down.
  const order = () => {
    const wrong = []
    const main = document.querySelector('main')
    const seen = stops.filter(s => !s.el.closest('.govuk-skip-link'))
    for (let i = 1; i < seen.length; i++) {
      if (main.contains(seen[i].el) !== main.contains(seen[i - 1].el)) continue
      const a = seen[i - 1].el.getBoundingClientRect(), b = seen[i].el.getBoundingClientRect()
      const above = b.bottom <= a.top + near, besides = b.top < a.bottom - near && a.top < b.bottom - near
      if (above && b.left < a.right - near || besides && b.right <= a.left + near) wrong.push(`${where(seen[i].el)} comes after ${where(seen[i - 1].el)} and stands before it`)
    }
    return some(wrong)
  }

  const open = () => { for (const d of document.querySelectorAll('details')) d.open = true }

  // The buttons that send a form, each with what it sends and to where.
  const buttons = () => [...document.querySelectorAll('form button')].filter(b => b.type === 'submit' && shown(b)).map(b => ({
    path: new URL(b.hasAttribute('formaction') ? b.formAction : b.form.action).pathname,
    names: [...new Set(new FormData(b.form, b).keys())],
  }))
  const focusButton = n => [...document.querySelectorAll('form button')].filter(b => b.type === 'submit' && shown(b))[n].focus()

  // The links that look like buttons.
  const linkButtons = () => [...document.querySelectorAll('a[role=button]')].filter(shown)
  const links = () => linkButtons().map(a => ({ path: new URL(a.href).pathname, names: [] }))
  const focusLink = n => linkButtons()[n].focus()

  return { layout, spaced, rest, begin, at, order, open, buttons, focusButton, links, focusLink }
})()
