<?php
// Test only: runs the PHP on standard input inside WordPress and prints what it returns as JSON.
$_SERVER += ['HTTP_HOST' => getenv('WP_HOST'), 'REQUEST_URI' => getenv('WP_PATH') ?: '/', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'SERVER_NAME' => 'localhost'];
require getenv('WP_ROOT') . '/www/wp-load.php';
add_filter('pre_wp_mail', '__return_true');
echo json_encode(eval(stream_get_contents(STDIN)));
