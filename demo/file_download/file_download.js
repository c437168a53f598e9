// Saves what the server sends. Gradio runs this file as a function body with props and watch.

watch('value', () => {
  const file = props.value;
  if (!file) return;
  props.value = null; // Gradio tells of changes only, and the same file may be wanted again
  const link = document.createElement('a');
  link.href = file.url;
  link.download = file.name;
  link.click();
});
