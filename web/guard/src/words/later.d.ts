declare module "*.json?later" {
  const words: Record<string, string>;
  export default words;
}
