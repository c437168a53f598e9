// Saves what the server sends. Gradio runs this file as a function body with props and watch.

watch('value', () => {
  if (!props.value) return;
  const link = document.createElement('a');
  link.href = props.value.url;
  link.download = props.value.name;
  link.click();
});
