// The part of the screen that the keyboard leaves, where it lies over the page instead of making it smaller (iOS).

export function fitScreen() {
  const { visualViewport } = window
  if (!visualViewport) return
  const fit = () => {
    document.documentElement.style.setProperty('--height', `${visualViewport.height}px`)
    scrollTo(0, 0)
  }
  visualViewport.addEventListener('resize', fit)
  fit()
}
