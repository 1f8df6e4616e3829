/** A photo for proof, not for a wall: small enough for a cellar's line, and without where and when the camera says it was. */
const LONG_SIDE = 1600;

/** Null: it is no picture, or one that this phone cannot open. */
export async function shrunk(file: Blob): Promise<Blob | null> {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return await new Promise((resolve) => canvas.toBlob((made) => resolve(made), "image/jpeg", 0.8));
  } catch {
    return null;
  }
}
