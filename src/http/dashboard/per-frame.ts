/**
 * What happens often is shown once a frame. A page that is not seen has no frames, and shows nothing.
 *
 * @returns asks for the next frame; asking again before it comes changes nothing
 */
export function perFrame(show: () => void): () => void {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      show();
    });
  };
}
