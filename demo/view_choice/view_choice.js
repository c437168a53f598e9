// A radio button per view. Gradio runs this file as a function body with element, props and trigger.

const group = 'view-' + Math.random(); // a page may have several

for (const name of props.names) {
  const label = document.createElement('label');
  const radio = document.createElement('input');
  radio.type = 'radio';
  radio.name = group;
  radio.checked = name === props.value;
  radio.addEventListener('change', () => {
    props.value = name;
    trigger('input');
  });
  label.append(radio, name);
  element.querySelector('.view-choice div').append(label);
}
