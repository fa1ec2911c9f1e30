// Reports to Python where a visitor clicked in a chart, in the chart's units, and which range was visible.
//
// Plotly reports only clicks on marks. To click anywhere in a particle, ten thousand invisible marks would have to lie
// over the image, and each click would redraw all of them. The position is enough: Python knows the particle there.
const STILL_PX = 5; // a smaller movement is a click, not a drag

export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  parentElement.stopListening?.(); // called again for each run of the page
  let down = null;

  const placeOf = (event) => {
    const plot = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
    if (!plot?._fullLayout || !plot.contains(event.target)) return null;
    if (event.target.closest(".modebar, .legend")) return null; // the chart's own buttons may lie over the image
    const { xaxis, yaxis } = plot._fullLayout;
    const box = plot.getBoundingClientRect();
    const x = event.clientX - box.x - xaxis._offset;
    const y = event.clientY - box.y - yaxis._offset;
    const inside = x >= 0 && x <= xaxis._length && y >= 0 && y <= yaxis._length;
    // Python draws the range that was visible; the button "Reset axes" still has to show the whole image.
    if (data.whole) {
      [xaxis._rangeInitial0, xaxis._rangeInitial1] = data.whole[0];
      [yaxis._rangeInitial0, yaxis._rangeInitial1] = data.whole[1];
    }
    return inside ? [[xaxis.p2d(x), yaxis.p2d(y)], [...xaxis.range], [...yaxis.range]] : null;
  };
  const press = (event) => {
    down = event.button === 0 && event.isPrimary ? { x: event.clientX, y: event.clientY, place: placeOf(event) } : null;
  };
  const release = (event) => {
    const still = down && Math.hypot(event.clientX - down.x, event.clientY - down.y) < STILL_PX;
    if (still && down.place) setTriggerValue("place", down.place);
    down = null;
  };

  document.addEventListener("pointerdown", press, true);
  document.addEventListener("pointerup", release, true);
  parentElement.stopListening = () => {
    document.removeEventListener("pointerdown", press, true);
    document.removeEventListener("pointerup", release, true);
  };
  return parentElement.stopListening;
}
