// A classic script in the head, before the style sheets paint: a chosen theme must not flash.
{
  const theme = localStorage.getItem("errand.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
