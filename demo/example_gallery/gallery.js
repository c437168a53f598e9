// Thumbnails to choose from. Gradio runs this file as a function body with element, props and trigger.

for (const { name, url } of props.thumbnails) {
  const button = document.createElement('button');
  button.type = 'button';
  const picture = document.createElement('img');
  picture.src = url;
  picture.alt = '';
  button.append(picture, name);
  button.addEventListener('click', () => trigger('click', { name }));
  element.querySelector('.example-gallery').append(button);
}
