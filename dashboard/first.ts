// Before anything is drawn: the colours that were chosen, so that a dark page never flashes white.
const chosen = localStorage.getItem('va.theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
