// Chinese and English. An element that carries a text of the page's own has the text's name in `data-t` and its values in `data-v`,
// so that the language can be changed at any moment.

import { recall, remember } from './memory.js'
import { WORDS } from './words.js'

/** @typedef {keyof typeof WORDS} Word @typedef {Readonly<Record<string, string | number>>} Values */

/** @returns {'zh' | 'en'} */
function preferred() {
  const asked = new URLSearchParams(location.search).get('lang') ?? recall('lang') ?? navigator.language
  return asked.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

let language = preferred()

/** @param {string} name @returns {name is Word} */
const isWord = (name) => Object.hasOwn(WORDS, name)

/** @param {Word} word @param {Values} values for the {names} in it */
export function t(word, values = {}) {
  const [zh, en] = WORDS[word]
  return (language === 'zh' ? zh : en).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''))
}

/** Gives an element a text that changes with the language. @template {HTMLElement} E @param {E} element @param {Word} word @param {Values} values */
export function say(element, word, values = {}) {
  element.dataset.t = word
  element.dataset.v = JSON.stringify(values)
  element.textContent = t(word, values)
  return element
}

/** Names an element, for a screen reader and as its tooltip. @template {HTMLElement} E @param {E} element @param {Word} word */
export function name(element, word) {
  element.dataset.tName = word
  element.title = t(word)
  element.setAttribute('aria-label', t(word))
  return element
}

/** Puts all texts of the page's own into the present language. */
export function translate() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  for (const element of document.querySelectorAll('[data-t], [data-t-name], [data-t-hint]')) {
    if (!(element instanceof HTMLElement)) continue
    const { t: word = '', v = '{}', tName = '', tHint = '' } = element.dataset
    if (isWord(word)) element.textContent = t(word, JSON.parse(v))
    if (isWord(tName)) name(element, tName)
    if (isWord(tHint)) element.setAttribute('placeholder', t(tHint))
  }
}

/** Translates the page, and lets a button change its language. @param {HTMLButtonElement} toggle */
export function speak(toggle) {
  translate()
  toggle.addEventListener('click', () => {
    language = language === 'zh' ? 'en' : 'zh'
    remember('lang', language)
    translate()
  })
}

/** The hour and minute of a moment, as people write it here. @param {Date} moment */
export const clock = (moment) =>
  moment.toLocaleTimeString(language === 'zh' ? 'zh-CN' : 'en-GB', { hour: '2-digit', minute: '2-digit' })
