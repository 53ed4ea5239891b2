<?php
// Test only: runs the PHP that it is sent inside WordPress and prints what it returns as JSON. On the command line by standard
// input; through FPM, where the code of WordPress is compiled already, by the body of a request.
$cli = 'cli' === PHP_SAPI;
$_SERVER['HTTP_HOST']   = $cli ? getenv('WP_HOST') : $_SERVER['HTTP_HOST'];
$_SERVER['REQUEST_URI'] = $cli ? (getenv('WP_PATH') ?: '/') : $_SERVER['HTTP_X_PATH'];
$_SERVER               += ['SERVER_PROTOCOL' => 'HTTP/1.1', 'SERVER_NAME' => 'localhost'];
require (getenv('WP_ROOT') ?: __DIR__) . '/www/wp-load.php';
add_filter('pre_wp_mail', '__return_true');
echo json_encode(eval(file_get_contents($cli ? 'php://stdin' : 'php://input')));
