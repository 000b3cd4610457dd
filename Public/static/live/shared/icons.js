// The icons, as the lines of a 24 by 24 square. Not files of their own: a page draws them when it has no network, too.

const LINES = {
  send: 'M12 19V5.5M5.5 12 12 5.5l6.5 6.5',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'm6.5 6.5 11 11m0-11-11 11',
  clock: 'M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0M12 7.5V12l3 2',
  retry: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3l2.2 2.1M19.5 4.5v4.3h-4.3',
  screen: 'M5.5 5h13a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM9 20h6M12 16v4',
  phone:
    'M9.5 3h5A2.5 2.5 0 0 1 17 5.5v13a2.5 2.5 0 0 1-2.5 2.5h-5A2.5 2.5 0 0 1 7 18.5v-13A2.5 2.5 0 0 1 9.5 3zM11 18h2',
  horn: 'M4 10v4h3l8 4.5v-13L7 10zM18.5 9.5a4 4 0 0 1 0 5M8.5 14.5V19',
  panel: 'M6 5h12a2.5 2.5 0 0 1 2.5 2.5v9A2.5 2.5 0 0 1 18 19H6a2.5 2.5 0 0 1-2.5-2.5v-9A2.5 2.5 0 0 1 6 5zM14.5 5v14',
  full: 'M8.5 4.5h-4v4m11-4h4v4m-11 11h-4v-4m11 4h4v-4',
  help: 'M9.3 9.2a2.8 2.8 0 0 1 5.4.9c0 1.9-2.7 2.4-2.7 4M12 17.6v.01',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-.8.8M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l.8-.8',
  left: 'm14 6.5-5.5 5.5 5.5 5.5',
  right: 'm10 6.5 5.5 5.5-5.5 5.5',
}

/** @typedef {keyof typeof LINES} Icon */

const SVG = 'http://www.w3.org/2000/svg'

/** @param {string} name @returns {name is Icon} */
const isIcon = (name) => Object.hasOwn(LINES, name)

/** Draws into an svg element, which a screen reader passes over. @template {Element} E @param {E} svg @param {Icon} name */
function draw(svg, name) {
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', LINES[name])
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  svg.replaceChildren(path)
  return svg
}

/** @param {Icon} name */
export const icon = (name) => draw(document.createElementNS(SVG, 'svg'), name)

/** Draws those that the page names by `data-icon`. */
export function drawIcons() {
  for (const svg of document.querySelectorAll('svg[data-icon]')) {
    const name = svg.getAttribute('data-icon') ?? ''
    if (isIcon(name)) draw(svg, name)
  }
}
